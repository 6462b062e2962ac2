-- What the scripts share. All that a namespace keeps, under one hash tag:
--
--   {ns}:locks    hash: key -> its record; the empty field: the last token, with a '!' while {ns}:spent exists
--   {ns}:ends     sorted set: keys by the time when they are to be looked at: the first expiry of what nobody
--                 renews, and some time later whatever has a queue
--   {ns}:queue:K  sorted set: the calls that queue for key K, by ticket
--   {ns}:waiting  hash: call -> what it waits for
--   {ns}:alive    sorted set: processes that have waiting calls, by the time when they count as dead
--   {ns}:spent    hash: call -> the first of its tries that counts, and until when that is remembered
--   {ns}:owner:O  set: the keys that owner O holds
--
-- Of a holder: id, token, mode (X or S), end (0: none), since, owner, scoped (0 or 1), and the ids of the calls that
-- were granted it (joined). Times are microseconds since the epoch, exact in a double. A call is named
-- "<process>.<number>", the process with 16 digits.
--
-- Before this: `call`, `now`; `quiet`: nobody wants to hear of each release and renewal; `found`, what was read of
-- the empty field and of `key`, or nil. KEYS[1] is the first of the above, which names the namespace; ARGV[1] is the
-- call that asks.

local ns = string.sub(KEYS[1], 1, -6)
local ends_key = ns .. 'ends'
local me = string.sub(ARGV[1], 1, 16) -- the process that asks
local waiter_lease = 5000000
local garbage_after = 60000 -- ms: what belongs to queues goes away by itself when nobody renews it

local records, calls, alive = {}, {}, {}
local to_save, to_settle = {}, {}
local woken, lost, events = {}, {}, {}
local last, flag, last_changed, some_left
local first_key = found and key

--@include record.lua

local function text(number)
    return string.format('%.0f', number)
end

local function queue_of(key)
    return ns .. 'queue:' .. key
end

local function process_of(id)
    return string.sub(id, 1, 16)
end

local function save(key, r)
    if not r.to_save then
        r.to_save = true
        to_save[#to_save + 1] = key
    end
end

-- Whoever queues for it may be able to run now.
local function change(key, r)
    save(key, r)
    if not r.changed then
        r.changed = true
        to_settle[#to_settle + 1] = key
    end
end

local function tell(kind, key, h)
    if quiet and (kind == 'released' or kind == 'renewed') then
        return
    end
    for _, value in ipairs({ kind, key, h.owner, h.token, h.mode, now - h.since }) do
        events[#events + 1] = value
    end
end

-- Of a hold that is over.
local function ended(kind, key, r, h)
    tell(kind, key, h)
    if h.owner ~= '' then
        call('SREM', ns .. 'owner:' .. h.owner, key)
    end
    change(key, r)
end

-- The state of a key, without what has expired.
local function record(name)
    local r = records[name]
    if r then
        return r
    end
    r = { holders = {}, queued = false }
    records[name] = r
    local packed
    if name == first_key then
        packed = found[2]
    else
        packed = call('HGET', KEYS[1], name)
    end
    if packed then
        local holders
        holders, r.queued = unpack_record(packed)
        r.looked_at = r.queued
        for _, h in ipairs(holders) do
            r.looked_at = r.looked_at or h.ends ~= 0 and h.scoped == 0
            if h.ends == 0 or h.ends > now then
                r.holders[#r.holders + 1] = h
            else
                ended('expired', name, r, h)
            end
        end
    end
    return r
end

-- Ends the holds of a key for which `test` is true; returns how many.
local function end_holds(kind, key, test)
    local r = record(key)
    local left, count = {}, 0
    for _, h in ipairs(r.holders) do
        if test(h) then
            count = count + 1
            ended(kind, key, r, h)
        else
            left[#left + 1] = h
        end
    end
    r.holders = left
    return count
end

local function held_by(r, owner)
    if owner ~= '' then
        for _, h in ipairs(r.holders) do
            if h.owner == owner then
                return h
            end
        end
    end
end

-- ---- tokens ----

local function load_last()
    if not last then
        local stored = found and found[1]
        if not found then
            stored = call('HGET', KEYS[1], '')
        end
        local digits, mark = string.match(stored or '0', '^(%d+)(!?)$')
        last, flag = tonumber(digits), mark
    end
end

-- Greater than any before it; also a ticket.
local function next_token()
    load_last()
    last = math.max(last + 1, now)
    last_changed = true
    return last
end

local function set_flag(mark)
    load_last()
    last_changed = last_changed or flag ~= mark
    flag = mark
end

-- ---- tries ----

-- From now on only tries of the call from `first` on count.
local function spend(id, first)
    call('HSET', ns .. 'spent', id, text(first) .. ' ' .. text(now + garbage_after * 1000))
    call('PEXPIRE', ns .. 'spent', 2 * garbage_after)
    set_flag('!')
end

-- Whether a message comes too late to count: a later one took its place, or the call was abandoned.
local function is_spent(id, try, resent)
    load_last()
    if flag ~= '' then
        local first = string.match(call('HGET', ns .. 'spent', id) or '', '^%d+')
        if first and try < tonumber(first) then
            return true
        end
    end
    if resent then
        spend(id, try)
    end
    return false
end

-- ---- queues ----

local function waiting(id)
    local w = calls[id]
    if w == nil then
        local packed = call('HGET', ns .. 'waiting', id)
        w = packed and cmsgpack.unpack(packed)
        if w then
            w = { deadline = w[1], mode = w[2], owner = w[3], keys = w[4] }
        end
        calls[id] = w
    end
    return w
end

local function is_process_alive(process)
    if alive[process] == nil then
        alive[process] = tonumber(call('ZSCORE', ns .. 'alive', process) or 0) > now
    end
    return alive[process]
end

local function is_alive(id, w)
    return (w.deadline == 0 or w.deadline >= now) and is_process_alive(process_of(id))
end

local function stay_alive(process)
    call('ZADD', ns .. 'alive', now + waiter_lease, process)
    call('PEXPIRE', ns .. 'alive', garbage_after)
    call('PEXPIRE', ns .. 'waiting', garbage_after)
    alive[process] = true
end

local function leave_queues(id, w)
    call('HDEL', ns .. 'waiting', id)
    some_left = true
    calls[id] = false
    for _, key in ipairs(w.keys) do
        call('ZREM', queue_of(key), id)
        change(key, record(key))
    end
end

-- The live call at a place in a queue; the dead that are found there leave all their queues.
local function at_place(key, place)
    while true do
        local id = call('ZRANGE', queue_of(key), place, place)[1]
        if not id then
            return
        end
        local w = waiting(id)
        if w and is_alive(id, w) then
            return id, w
        end
        if w then
            leave_queues(id, w)
        else
            call('ZREM', queue_of(key), id)
        end
    end
end

local function is_reader_of_one(w)
    return w.mode == 'S' and #w.keys == 1
end

-- Whether all that queue before a reader can enter with it.
local function follows_readers(key, id)
    local place = 0
    while true do
        local other, w = at_place(key, place)
        if not other or other == id then
            return other == id
        end
        if not is_reader_of_one(w) then
            return false
        end
        place = place + 1
    end
end

-- What can be done for a call: 'free': it may enter; 'busy': it must wait; 'never': an upgrade.
local function verdict(id, mode, owner, keys)
    local result = 'free'
    for _, key in ipairs(keys) do
        local r = record(key)
        local own = held_by(r, owner)
        if own then
            if own.mode == 'S' and mode == 'X' then
                return 'never'
            end
        else
            local other = r.holders[1]
            local enters = not other or (mode == 'S' and other.mode == 'S')
            if enters and r.queued then
                local first = at_place(key, 0)
                enters = not first or first == id or (mode == 'S' and follows_readers(key, id))
            end
            if not enters then
                result = 'busy'
            end
        end
    end
    return result
end

local function wake(id)
    local process = process_of(id)
    woken[process] = woken[process] or {}
    table.insert(woken[process], string.sub(id, 18))
end

-- Wakes those in front of a queue who can now run: one writer, or the readers up to the first other.
local function settle(key)
    if not record(key).queued then
        return
    end
    local place = 0
    while true do
        local id, w = at_place(key, place)
        if not id or verdict(id, w.mode, w.owner, w.keys) == 'busy' then
            return
        end
        wake(id)
        if not is_reader_of_one(w) then
            return
        end
        place = place + 1
        local readers = call('ZRANGE', queue_of(key), place, -1)
        for _, reader in ipairs(readers) do
            local other = waiting(reader)
            if other and is_alive(reader, other) then
                if not is_reader_of_one(other) then
                    break
                end
                wake(reader)
                place = place + 1
            else
                break
            end
        end
    end
end

-- How long until something about the keys changes by itself; -1: it does not. Who is in front of a queue may be
-- of a process that is dead, which is known when it has not been heard of for long enough. That is asked for only
-- if it matters at once, or by those who look from time to time.
local function next_change(keys, looking)
    local first
    for _, key in ipairs(keys) do
        local r = record(key)
        for _, h in ipairs(r.holders) do
            if h.ends ~= 0 and (not first or h.ends < first) then
                first = h.ends
            end
        end
        if r.queued and (looking or not r.holders[1]) then
            local front = at_place(key, 0)
            if front and process_of(front) ~= me then
                local dead_at = tonumber(call('ZSCORE', ns .. 'alive', process_of(front)))
                if not first or dead_at < first then
                    first = dead_at
                end
            end
        end
    end
    return first and first - now or -1
end

-- ---- the end of each script ----

local function pack_record(r)
    local h = r.holders[1]
    if #r.holders == 1 and not r.queued and h.joined == h.id then
        local span = h.ends == 0 and 0 or h.ends - h.since
        return h.id .. ' ' .. h.mode .. h.scoped .. ' ' .. text(h.token) .. ' ' .. text(h.since) .. ' ' ..
            text(span) .. ' ' .. h.owner
    end
    local f = { r.queued and 1 or 0 }
    for _, h in ipairs(r.holders) do
        for _, value in ipairs({ h.id, h.token, h.mode, h.ends, h.since, h.owner, h.scoped, h.joined }) do
            f[#f + 1] = value
        end
    end
    return cmsgpack.pack(f)
end

local function store(key, values)
    local r = records[key]
    if r.queued and call('EXISTS', queue_of(key)) == 0 then
        r.queued = false
    end
    if not r.queued and #r.holders == 0 then
        call('HDEL', KEYS[1], key)
        if r.looked_at then
            call('ZREM', ends_key, key)
        end
        return
    end
    local look = r.queued and now + waiter_lease
    for _, h in ipairs(r.holders) do
        if h.ends ~= 0 and h.scoped == 0 and (not look or h.ends < look) then
            look = h.ends
        end
    end
    values[#values + 1] = key
    values[#values + 1] = pack_record(r)
    if look then
        call('ZADD', ends_key, look, key)
    elseif r.looked_at then
        call('ZREM', ends_key, key)
    end
end

local function publish(kind, to)
    for process, numbers in pairs(to) do
        if process ~= me then
            call('PUBLISH', ns .. process, kind .. table.concat(numbers, ' '))
        end
    end
    return to[me] or {}
end

-- Settles, saves and publishes. Returns the calling process's own: calls to wake, holds it lost, events.
local function finish()
    local settled = 1
    while to_settle[settled] do -- it may grow
        settle(to_settle[settled])
        settled = settled + 1
    end
    local values = {}
    if last_changed then
        values = { '', text(last) .. flag }
    end
    for _, key in ipairs(to_save) do
        store(key, values)
        if #values > 200 then
            call('HSET', KEYS[1], unpack(values))
            values = {}
        end
    end
    if #values > 0 then
        call('HSET', KEYS[1], unpack(values))
    end
    if some_left and call('EXISTS', ns .. 'waiting') == 0 then
        call('DEL', ns .. 'alive')
    end
    return publish('w', woken), publish('l', lost), events
end
