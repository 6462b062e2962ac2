-- A call was abandoned: it leaves its queues, and what it was granted ends unless another call of the owner was
-- granted the same.
--
-- _flags: t: an earlier message of the call may arrive yet.
-- Answer: done
CREATE FUNCTION @schema@.leave(_namespace text, _origin int8, _number int8, _flags text, _keys bytea[])
RETURNS SETOF @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    name text := to_hex(_origin) || '.' || to_hex(_number);
    k bytea;
    holders @schema@.holder[];
    ended @schema@.holder[];
BEGIN
    IF _flags LIKE '%t%' THEN
        PERFORM @schema@.spend(_namespace, _origin, _number, 9223372036854775807);
    END IF;
    RETURN QUERY SELECT * FROM @schema@.enter(_namespace, _keys, false);
    DELETE FROM @schema@.waiter w WHERE w.namespace = _namespace AND w.origin = _origin AND w.number = _number;
    FOREACH k IN ARRAY _keys LOOP
        SELECT l.holders INTO holders FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k;
        ended := ARRAY(SELECT h FROM unnest(holders) h
            WHERE CASE WHEN h.owner = '' THEN h.origin = _origin AND h.number = _number ELSE h.joined = name END);
        IF ended <> '{}' THEN
            RETURN QUERY SELECT * FROM @schema@.end_holds('released', _namespace, k,
                ARRAY(SELECT h FROM unnest(holders) h WHERE h <> ALL (ended)), ended);
        ELSIF EXISTS (SELECT FROM unnest(holders) h WHERE position(name IN h.joined) > 0) THEN
            PERFORM @schema@.store(_namespace, k, ARRAY(
                SELECT ROW(h.origin, h.number, h.token, h.shared, h.ends, h.since, h.owner, h.scoped,
                           array_to_string(array_remove(string_to_array(h.joined, ' '), name), ' '))::@schema@.holder
                FROM unnest(holders) h));
        END IF;
    END LOOP;
    RETURN NEXT @schema@.answer('done');
    RETURN QUERY SELECT * FROM @schema@.wake(_namespace, _origin, _keys);
END $$;
