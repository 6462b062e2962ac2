-- Releases all that an owner holds; without an owner, everything that was held at the first of several
-- messages, a part at a time.
--
-- ARGV: call, valid until, flags (a: everybody's), owner, cursor, newest token (0: now)
-- Answers: r with the number of keys, next cursor (0: that was all), newest token; l late
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local key, found, quiet

--@include common.lua

if now > tonumber(ARGV[2]) then
    return { 'l', now, 0 }
end
local owner, cursor, newest = ARGV[4], ARGV[5], tonumber(ARGV[6])
local keys = {}
local everybody = string.find(ARGV[3], 'a')
if everybody then
    local part = call('HSCAN', KEYS[1], cursor, 'COUNT', 200)
    cursor = part[1]
    for i = 1, #part[2], 2 do
        keys[#keys + 1] = part[2][i]
    end
else
    keys = call('SMEMBERS', ns .. 'owner:' .. owner)
    cursor = '0'
end
load_last()
if newest == 0 then
    newest = last
end
local count = 0
for _, key in ipairs(keys) do
    if key ~= '' then
        local ending = end_holds(everybody and 'revoked' or 'released', key, function(h)
            if h.token > newest or not everybody and h.owner ~= owner then
                return false
            end
            if h.scoped == 1 then
                local process = process_of(h.id)
                lost[process] = lost[process] or {}
                table.insert(lost[process], string.sub(h.id, 18))
            end
            return true
        end)
        if ending > 0 then
            count = count + 1
        end
    end
end
local mine, gone, told = finish()
return { 'r', now, count, mine, gone, told, cursor, newest }
