-- What a process does from time to time, in one message for all its locks: renews its leases, keeps its
-- waiting calls alive, looks at the keys they wait for, and clears away what has expired, whosever it was.
--
-- ARGV: call, valid until, flags (w: it has waiting calls), cursor, number of leases, (id, key,
-- span) for each, number of waiting calls, their numbers, keys waited for
-- Answer: t, numbers of the waiting calls that are in no queue (they were given up for dead), numbers of the
-- leases that are lost, for each key waited for how long until it changes by itself, next cursor, whether there is
-- more to clear away
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local key, found, quiet

--@include common.lua

if string.find(ARGV[3], 'w') then
    stay_alive(me)
elseif now <= tonumber(ARGV[2]) then -- else there may be some by now
    call('ZREM', ns .. 'alive', me)
end

local leases = tonumber(ARGV[5])
local refused = {}
for i = 1, leases do
    local at = 3 + 3 * i
    local id, key, span = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    local held
    local r = record(key)
    for _, h in ipairs(r.holders) do
        if h.id == id then
            held = h
        end
    end
    if held then
        held.ends = math.max(held.ends, now + span)
        save(key, r)
    else
        refused[#refused + 1] = string.sub(id, 18)
    end
end

local most = 500
local due = call('ZRANGEBYSCORE', ends_key, '-inf', now, 'LIMIT', 0, most)
for _, key in ipairs(due) do
    local r = record(key)
    r.looked_at = true
    save(key, r)
    if r.queued then
        change(key, r)
    end
end
-- What processes that died in their scopes left: a part at a time.
local part = call('HSCAN', KEYS[1], ARGV[4], 'COUNT', 200)
for i = 1, #part[2], 2 do
    if part[2][i] ~= '' then
        record(part[2][i])
    end
end

local first = 6 + 3 * leases
local waits = tonumber(ARGV[first])
local missing = {}
for part_first = 1, waits, 500 do
    local ids = {}
    for i = part_first, math.min(waits, part_first + 499) do
        ids[#ids + 1] = me .. '.' .. ARGV[first + i]
    end
    for i, stored in ipairs(call('HMGET', ns .. 'waiting', unpack(ids))) do
        if not stored then
            missing[#missing + 1] = string.sub(ids[i], 18)
        end
    end
end

local changes = {}
for i = first + waits + 1, #ARGV do
    local key = ARGV[i]
    local r = record(key)
    if r.queued then
        change(key, r)
        call('PEXPIRE', queue_of(key), garbage_after)
    end
    changes[#changes + 1] = next_change({ key }, true)
end

load_last()
if flag ~= '' then
    local entries = call('HGETALL', ns .. 'spent')
    local left = #entries / 2
    for i = 1, #entries, 2 do
        if tonumber(string.match(entries[i + 1], '%d+$')) < now then
            call('HDEL', ns .. 'spent', entries[i])
            left = left - 1
        end
    end
    if left == 0 then
        set_flag('')
    end
end

local mine, gone, told = finish()
return { 't', now, missing, mine, gone, told, refused, changes, part[1], #due == most and 1 or 0 }
