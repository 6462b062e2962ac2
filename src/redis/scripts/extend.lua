-- Moves the end of all keys of an acquisition, or of none.
--
-- ARGV: call, valid until, flags, span (-1: no end), keys
-- Answers: r, n not all are held by it any more, l late
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local key, found, quiet

--@include common.lua

if now > tonumber(ARGV[2]) then
    return { 'l', now, 0 }
end
local id, span = ARGV[1], tonumber(ARGV[4])
local held = {}
for i = 5, #ARGV do
    for _, h in ipairs(record(ARGV[i]).holders) do
        if h.id == id and h.scoped == 0 then
            held[#held + 1] = { key = ARGV[i], hold = h }
        end
    end
end
local status = #held == #ARGV - 4 and 'r' or 'n'
if status == 'r' then
    for _, found in ipairs(held) do
        found.hold.ends = span < 0 and 0 or now + span
        save(found.key, record(found.key))
        tell('renewed', found.key, found.hold)
    end
end
local mine, gone, told = finish()
return { status, now, 0, mine, gone, told }
