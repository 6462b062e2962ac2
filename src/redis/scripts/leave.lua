-- A call was abandoned: it leaves its queues, and what it was granted ends unless another call of the owner
-- was granted the same.
--
-- ARGV: call, valid until, flags (t: an earlier message of the call may arrive yet), keys
-- Answer: r
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local key, found, quiet

--@include common.lua

local id = ARGV[1]
if string.find(ARGV[3], 't') then
    spend(id, 2 ^ 53)
end
local queued = waiting(id)
if queued then
    leave_queues(id, queued)
end
for i = 4, #ARGV do
    local key = ARGV[i]
    local r = record(key)
    for _, h in ipairs(r.holders) do
        if h.joined == id then
            h.joined = ''
        elseif string.find(h.joined, id, 1, true) then
            local others = {}
            for other in string.gmatch(h.joined, '%S+') do
                if other ~= id then
                    others[#others + 1] = other
                end
            end
            h.joined = table.concat(others, ' ')
            save(key, r)
        end
    end
    end_holds('released', key, function(h) return h.joined == '' end)
end
local mine, gone, told = finish()
return { 'r', now, 0, mine, gone, told }
