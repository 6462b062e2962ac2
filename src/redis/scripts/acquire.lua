-- Takes all keys or none; queues for them, or looks whether it is the call's turn. The same call sent again
-- gets the same answer.
--
-- ARGV: call, valid until, how (mode, scoped, and flags: r: sent again, o: tell of events), expire (0: none given,
-- -1: no end), owner, try and deadline (0: none, -1: do not queue) and longest queue as one text, keys
-- Answers: the token, in the common case; else g granted, q queued, h held by another, f queue full, l late,
-- s spent
local call = redis.call
local time = call('TIME')
local second, fraction = time[1], time[2]
if #fraction < 6 then
    fraction = string.sub('00000' .. fraction, -6)
end
local now_text = second .. fraction
local now, valid = tonumber(now_text), tonumber(ARGV[2])

-- The common case: one key that nobody holds or waits for. Numbers stay the texts that they are: to make texts of
-- numbers takes longer than all else here.
local how, key = ARGV[3], ARGV[7]
local found = call('HMGET', KEYS[1], '', key)
if not found[2] and not ARGV[8] and #how == 2 and now <= valid then
    local last = tonumber(found[1] or 0) -- nil when marked
    if last then
        local token, token_text = now, now_text
        if last >= now then
            token = last + 1
            token_text = string.format('%.0f', token)
        end
        local id, span, owner = ARGV[1], ARGV[4], ARGV[5]
        if span == '-1' then
            span = '0'
        end
        call('HSET', KEYS[1], '', token_text, key,
             id .. ' ' .. how .. ' ' .. token_text .. ' ' .. now_text .. ' ' .. span .. ' ' .. owner)
        if span ~= '0' and (how == 'X0' or how == 'S0') then
            call('ZADD', string.sub(KEYS[1], 1, -6) .. 'ends', now + span, key)
        end
        if owner ~= '' then
            call('SADD', string.sub(KEYS[1], 1, -6) .. 'owner:' .. owner, key)
        end
        return token
    end
end

local quiet = not string.find(how, 'o', 3)

--@include common.lua

local id, owner, expire = ARGV[1], ARGV[5], tonumber(ARGV[4])
local mode, scoped = string.sub(how, 1, 1), tonumber(string.sub(how, 2, 2))
local try, deadline, limit = string.match(ARGV[6], '^(%d+) (%-?%d+) (%d+)$')
try, deadline, limit = tonumber(try), tonumber(deadline), tonumber(limit)
local keys = {}
for i = 7, #ARGV do
    keys[#keys + 1] = ARGV[i]
end

local function waiters()
    local counts = {}
    if quiet then
        return counts
    end
    for i, key in ipairs(keys) do
        counts[i] = record(key).queued and call('ZCARD', queue_of(key)) or 0
    end
    return counts
end

local function answer(status, a, b, c, d)
    local mine, gone, told = finish()
    return { status, now, a or 0, b or 0, c or '', d or 0, mine, gone, told, waiters() }
end

if now > valid then
    return answer('l')
end
if is_spent(id, try, string.find(how, 'r', 3)) then
    return answer('s')
end

-- The hold that the call got before, if it is sent again.
local function granted_before()
    local hold
    for _, key in ipairs(keys) do
        local found
        for _, h in ipairs(record(key).holders) do
            if h.id == id then
                found = h
            end
        end
        if not found then
            return
        end
        hold = hold or found
        if found.ends ~= 0 and (hold.ends == 0 or found.ends < hold.ends) then
            hold = found
        end
    end
    return hold
end

local before = granted_before()
if before then
    return answer('g', before.token, before.ends, before.id)
end

-- A call is counted among those that were granted a hold, so that its abandonment ends no hold that another
-- call of the owner got. Beyond some, the hold is simply there to stay until it is released.
local function join(h)
    if h.joined ~= '*' and not string.find(h.joined, id, 1, true) then
        h.joined = #h.joined > 300 and '*' or h.joined .. ' ' .. id
    end
end

local function grant()
    local own, same = {}, owner ~= ''
    for i, key in ipairs(keys) do
        own[i] = held_by(record(key), owner)
        same = same and own[i] and own[i].id == own[1].id
    end
    local token = same and own[1].token or next_token()
    local name = same and own[1].id or id
    local ends = expire > 0 and now + expire or 0
    local first = 0
    for i, key in ipairs(keys) do
        local r = record(key)
        local h = own[i]
        if h then
            h.token, h.id = token, name
            if expire ~= 0 then
                h.ends = ends
            end
            join(h)
            save(key, r)
            tell('renewed', key, h)
        else
            h = { id = id, token = token, mode = mode, ends = ends, since = now, owner = owner,
                  scoped = scoped, joined = id }
            r.holders[#r.holders + 1] = h
            if owner ~= '' then
                call('SADD', ns .. 'owner:' .. owner, key)
            end
            save(key, r)
        end
        if h.ends ~= 0 and (first == 0 or h.ends < first) then
            first = h.ends
        end
    end
    -- Other calls of the owner may enter with it, wherever they are in the queue.
    for i, key in ipairs(keys) do
        if owner ~= '' and not own[i] and records[key].queued then
            for _, other in ipairs(call('ZRANGE', queue_of(key), 0, -1)) do
                local w = waiting(other)
                if w and w.owner == owner and other ~= id and
                    verdict(other, w.mode, w.owner, w.keys) ~= 'busy' then
                    wake(other)
                end
            end
        end
    end
    return answer('g', token, first, name, same and 1 or 0)
end

-- The dead in the middle of a queue count only until somebody needs their places.
local function is_full(key)
    if call('ZCARD', queue_of(key)) < limit then
        return false
    end
    local place = 0
    while at_place(key, place) do
        place = place + 1
    end
    return place >= limit
end

local function enqueue()
    for _, key in ipairs(keys) do
        if record(key).queued and is_full(key) then
            return answer('f')
        end
    end
    local ticket = next_token()
    for _, key in ipairs(keys) do
        local r = record(key)
        call('ZADD', queue_of(key), ticket, id)
        if not r.queued then
            r.queued = true
            save(key, r)
            call('PEXPIRE', queue_of(key), garbage_after)
        end
    end
    call('HSET', ns .. 'waiting', id, cmsgpack.pack({ deadline, mode, owner, keys }))
    calls[id] = { deadline = deadline, mode = mode, owner = owner, keys = keys }
    if not is_process_alive(me) then -- else it sees to that itself
        stay_alive(me)
    end
    return answer('q', next_change(keys))
end

local queued = waiting(id)
if queued and not is_process_alive(me) then
    stay_alive(me)
end
local what = verdict(id, mode, owner, keys)
queued = waiting(id) -- it may have been found dead, and lost its place
if what == 'busy' and deadline >= 0 then
    if queued then
        return answer('q', next_change(keys))
    end
    return enqueue()
end
if queued then
    leave_queues(id, queued)
end
if what == 'free' then
    return grant()
end
return answer('h')
