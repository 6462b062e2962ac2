-- Releases what one acquisition holds, or what an owner (or nobody in particular) holds, of the keys.
--
-- ARGV: process, call, try, flags (r: sent again, o: tell of events), valid until, whose (i: the acquisition
-- named by the call, n: the owner's), owner, keys
-- Answers: the number of keys, in the common cases; else r with the number of keys, l late, s spent
local call = redis.call
local id, owner = ARGV[2], ARGV[7]
local by_id = ARGV[6] == 'i'
local now

-- The common cases: one key with one holder, for which nobody waits.
local key = ARGV[8]
local found = call('HMGET', KEYS[1], '', key)
local valid = tonumber(ARGV[5])
if not ARGV[9] and ARGV[4] == '' and tonumber(found[1] or 0) then
    if not found[2] then
        return 0
    end
    local f = cmsgpack.unpack(found[2])
    if f[1] == 0 and #f == 9 then
        local ends, scoped = f[5], f[8]
        if by_id and f[2] ~= id or not by_id and (f[7] ~= owner or scoped == 1) then
            return 0
        end
        if ends ~= 0 and scoped == 0 or not by_id then -- a scope knows by itself when its lease is over
            local time = call('TIME')
            now = time[1] * 1000000 + time[2]
        end
        if not now or (ends == 0 or ends > now) and now <= valid then
            call('HDEL', KEYS[1], key)
            if ends ~= 0 and scoped == 0 then
                call('ZREM', KEYS[2], key)
            end
            if f[7] ~= '' then
                call('SREM', string.sub(KEYS[1], 1, -6) .. 'owner:' .. f[7], key)
            end
            return 1
        end
    end
end
if not now then
    local time = call('TIME')
    now = time[1] * 1000000 + time[2]
end

--@include common.lua

if now > valid then
    return { 'l', now, 0 }
end
if is_spent(id, tonumber(ARGV[3]), string.find(ARGV[4], 'r')) then
    return { 's', now, 0 }
end
local count = 0
for i = 8, #ARGV do
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
