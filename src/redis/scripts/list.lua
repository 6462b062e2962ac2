-- What is held or waited for, a part at a time.
--
-- ARGV: process, call, try, flags (o: only what the owner holds), valid until, owner, cursor, prefix
-- Answer: i, next cursor (0: that was all), for each key: the key, waiting calls, and six values a holder:
-- id, token, mode, scoped, owner, age, time left (-1: no end)
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local ns = string.sub(KEYS[1], 1, -6)
local owner, cursor, prefix = ARGV[6], ARGV[7], ARGV[8]
local only_owner = string.find(ARGV[4], 'o')

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

local rows = {}
for i = 1, #found, 2 do
    local key = found[i]
    if key ~= '' and found[i + 1] and string.sub(key, 1, #prefix) == prefix then
        local f = cmsgpack.unpack(found[i + 1])
        local holders, owned = {}, not only_owner
        for j = 2, #f, 8 do
            local ends = f[j + 3]
            if ends == 0 or ends > now then
                owned = owned or f[j + 5] == owner
                for _, value in ipairs({ f[j], f[j + 1], f[j + 2], f[j + 6], f[j + 5], now - f[j + 4],
                                         ends == 0 and -1 or ends - now }) do
                    holders[#holders + 1] = value
                end
            end
        end
        local waiters = f[1] == 1 and call('ZCARD', ns .. 'queue:' .. key) or 0
        if owned and (#holders > 0 or waiters > 0) then
            rows[#rows + 1] = { key, waiters, holders }
        end
    end
end
return { 'i', now, cursor, rows }
