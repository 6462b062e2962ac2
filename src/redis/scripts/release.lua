-- Releases what one acquisition holds, or what an owner (or nobody in particular) holds, of the keys.
--
-- ARGV: call, valid until, how (i: the acquisition named by the call, n: the owner's; and flags: r: sent again,
-- o: tell of events), owner, try, keys
-- Answers: the number of keys, in the common cases; else r with the number of keys, l late, s spent
local call = redis.call
local id, how, owner, key = ARGV[1], ARGV[3], ARGV[4], ARGV[6]
local is_common = not ARGV[7] and #how == 1 -- if there is one holder, for which nobody waits

-- What names one acquisition cannot come too late, and a scope knows by itself when its lease is over.
if is_common and how == 'i' then
    local packed = call('HGET', KEYS[1], key)
    if not packed then
        return 0
    end
    local holder, scoped = string.match(packed, '^(%S+) .(.)')
    if holder == id and scoped == '1' then
        return call('HDEL', KEYS[1], key)
    end
end

local time = call('TIME')
local now, valid = time[1] * 1000000 + time[2], tonumber(ARGV[2])
local found = call('HMGET', KEYS[1], '', key)
if is_common and tonumber(found[1] or 0) then -- not marked
    if not found[2] then
        return 0
    end
    local holder, scoped, since, span, whose =
        string.match(found[2], '^(%x+%.%x+) .([01]) %d+ (%d+) (%d+) (.*)$')
    if holder then
        if how == 'i' and holder ~= id or how == 'n' and (whose ~= owner or scoped == '1') then
            return 0
        end
        if (span == '0' or since + span > now) and (how == 'i' or now <= valid) then
            call('HDEL', KEYS[1], key)
            if span ~= '0' and scoped == '0' then
                call('ZREM', string.sub(KEYS[1], 1, -6) .. 'ends', key)
            end
            if whose ~= '' then
                call('SREM', string.sub(KEYS[1], 1, -6) .. 'owner:' .. whose, key)
            end
            return 1
        end
    end
end

local quiet = not string.find(how, 'o')

--@include common.lua

if now > valid then
    return { 'l', now, 0 }
end
-- Its tries are not those of the call that acquired.
local by_id = string.sub(how, 1, 1) == 'i'
if not by_id and is_spent(id, tonumber(ARGV[5]), string.find(how, 'r')) then
    return { 's', now, 0 }
end
local count = 0
for i = 6, #ARGV do
    local key = ARGV[i]
    local done = false
    count = count + end_holds('released', key, function(h)
        if by_id then
            return h.id == id
        end
        local this = not done and h.owner == owner and h.scoped == 0 -- of several readers, the oldest
        done = done or this
        return this
    end)
end
local mine, gone, told = finish()
return { 'r', now, count, mine, gone, told }
