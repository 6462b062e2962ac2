-- A record: what is known of a key that somebody holds or waits for.
--
-- In the common case, one holder and no queue, it is a text of nine values, the owner last: it is made and looked
-- at faster than anything else. Else it is a msgpack array: whether there is a queue (0 or 1), then eight values a
-- holder. (That never begins with a digit or a letter, as an id does.)

-- The holders of a record, and whether there is a queue.
local function unpack_record(packed)
    local id, mode, scoped, token, since, span, owner =
        string.match(packed, '^(%x+%.%x+) ([XS])([01]) (%d+) (%d+) (%d+) (.*)$')
    if id then
        since, span = tonumber(since), tonumber(span)
        return { { id = id, token = tonumber(token), mode = mode, ends = span == 0 and 0 or since + span,
                   since = since, owner = owner, scoped = tonumber(scoped), joined = id } }, false
    end
    local f = cmsgpack.unpack(packed)
    local holders = {}
    for i = 2, #f, 8 do
        holders[#holders + 1] = { id = f[i], token = f[i + 1], mode = f[i + 2], ends = f[i + 3], since = f[i + 4],
                                  owner = f[i + 5], scoped = f[i + 6], joined = f[i + 7] }
    end
    return holders, f[1] == 1
end
