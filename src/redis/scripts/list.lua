-- What is held or waited for, a part at a time.
--
-- ARGV: call, valid until, flags (o: only what the owner holds), owner, cursor, prefix
-- Answer: i, next cursor (0: that was all), for each key: the key, waiting calls, and six values a holder:
-- id, token, mode, scoped, owner, age, time left (-1: no end)
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local ns = string.sub(KEYS[1], 1, -6)
local owner, cursor, prefix = ARGV[4], ARGV[5], ARGV[6]
local only_owner = string.find(ARGV[3], 'o')

local found = {}
if only_owner then
    for _, key in ipairs(call('SMEMBERS', ns .. 'owner:' .. owner)) do
        found[#found + 1] = key
        found[#found + 1] = call('HGET', KEYS[1], key)
    end
    cursor = '0'
else
    local part = call('HSCAN', KEYS[1], cursor, 'COUNT', 200)
    cursor, found = part[1], part[2]
end

--@include record.lua

local rows = {}
for i = 1, #found, 2 do
    local key = found[i]
    if key ~= '' and found[i + 1] and string.sub(key, 1, #prefix) == prefix then
        local holds, queued = unpack_record(found[i + 1])
        local holders, owned = {}, not only_owner
        for _, h in ipairs(holds) do
            if h.ends == 0 or h.ends > now then
                owned = owned or h.owner == owner
                for _, value in ipairs({ h.id, h.token, h.mode, h.scoped, h.owner, now - h.since,
                                         h.ends == 0 and -1 or h.ends - now }) do
                    holders[#holders + 1] = value
                end
            end
        end
        local waiters = queued and call('ZCARD', ns .. 'queue:' .. key) or 0
        if owned and (#holders > 0 or waiters > 0) then
            rows[#rows + 1] = { key, waiters, holders }
        end
    end
end
return { 'i', now, cursor, rows }
