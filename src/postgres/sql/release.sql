-- Releases what one acquisition holds (_by_id: the one named by the call), or what an owner (or nobody in particular)
-- holds, of the keys.
--
-- _flags: r: sent again, o: tell of events.
-- Answers: done with the number of keys, late, spent
CREATE FUNCTION @schema@.release(
    _namespace text, _origin int8, _number int8, _try int8, _flags text, _valid int8, _by_id bool, _owner bytea,
    _keys bytea[])
RETURNS SETOF @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    t int8 := @schema@.now();
    k bytea := _keys[1];
    served_from int8;
    total int := 0;
    holders @schema@.holder[];
    ended @schema@.holder[];
BEGIN
    -- The common case: one key with one holder.
    IF _flags = '' AND cardinality(_keys) = 1 AND t <= _valid THEN
        UPDATE @schema@.lock l SET holders = '{}', due = NULL, changed = t
            WHERE l.namespace = _namespace AND l.key = k AND cardinality(l.holders) = 1
                AND ((l.holders[1]).ends = 0 OR (l.holders[1]).ends > t)
                AND CASE WHEN _by_id THEN (l.holders[1]).origin = _origin AND (l.holders[1]).number = _number
                         ELSE (l.holders[1]).owner = _owner AND NOT (l.holders[1]).scoped
                              AND NOT EXISTS (SELECT FROM @schema@.spent s
                                              WHERE s.namespace = _namespace AND s.origin = _origin
                                                  AND s.number = _number AND s.first > _try) END
                AND ((l.holders[1]).owner = '' OR NOT _by_id)
            RETURNING l.served INTO served_from;
        IF FOUND THEN
            IF _owner <> '' THEN
                DELETE FROM @schema@.owner o WHERE o.namespace = _namespace AND o.owner = _owner AND o.key = k;
            END IF;
            RETURN NEXT @schema@.answer('done', NULL, 1);
            IF EXISTS (SELECT FROM @schema@.waiter w
                       WHERE w.namespace = _namespace AND w.key = k AND w.ticket >= served_from) THEN
                RETURN QUERY SELECT * FROM @schema@.wake(_namespace, _origin, _keys);
            END IF;
            RETURN;
        END IF;
    END IF;

    RETURN QUERY SELECT * FROM @schema@.enter(_namespace, _keys, false);
    IF @schema@.now() > _valid THEN
        RETURN NEXT @schema@.answer('late');
    -- What names one acquisition cannot come too late; its tries are not those of the call that acquired.
    ELSIF NOT _by_id AND @schema@.is_spent(_namespace, _origin, _number, _try, _flags LIKE '%r%') THEN
        RETURN NEXT @schema@.answer('spent');
    ELSE
        FOREACH k IN ARRAY _keys LOOP
            SELECT l.holders INTO holders FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k;
            ended := ARRAY(SELECT h FROM unnest(holders) h
                WHERE CASE WHEN _by_id THEN h.origin = _origin AND h.number = _number
                           ELSE h.owner = _owner AND NOT h.scoped END
                ORDER BY h.token LIMIT CASE WHEN _by_id THEN NULL ELSE 1 END); -- of several readers, the oldest
            IF ended <> '{}' THEN
                total := total + 1;
                RETURN QUERY SELECT * FROM @schema@.end_holds('released', _namespace, k,
                    ARRAY(SELECT h FROM unnest(holders) h WHERE h <> ALL (ended)), ended);
            END IF;
        END LOOP;
        RETURN NEXT @schema@.answer('done', NULL, total);
    END IF;
    RETURN QUERY SELECT * FROM @schema@.wake(_namespace, _origin, _keys);
END $$;
