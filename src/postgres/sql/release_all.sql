-- Releases all that an owner holds; without an owner (null), everything that was held at the first of several messages,
-- a part at a time.
--
-- _cursor: null: the first part. _newest: token; 0: now.
-- Answer: done with the number of keys, the next cursor (null: that was all) and the newest token
CREATE FUNCTION @schema@.release_all(_namespace text, _origin int8, _owner bytea, _cursor bytea, _newest int8)
RETURNS SETOF @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    newest int8 := CASE WHEN _newest = 0 THEN (SELECT last_value FROM @schema@.token) ELSE _newest END;
    part bytea[];
    k bytea;
    total int8 := 0;
    holders @schema@.holder[];
    ended @schema@.holder[];
    origins int8[] := '{}';
    numbers int8[] := '{}';
BEGIN
    IF _owner IS NULL THEN
        SELECT array_agg(p.key ORDER BY p.key) INTO part FROM (
            SELECT l.key FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key > coalesce(_cursor, '')
                ORDER BY l.key LIMIT 500) p;
    ELSE
        SELECT array_agg(o.key ORDER BY o.key) INTO part FROM @schema@.owner o
            WHERE o.namespace = _namespace AND o.owner = _owner;
    END IF;
    part := coalesce(part, '{}');
    RETURN QUERY SELECT * FROM @schema@.enter(_namespace, part, false);
    FOREACH k IN ARRAY part LOOP
        SELECT l.holders INTO holders FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k;
        ended := ARRAY(SELECT h FROM unnest(holders) h WHERE h.token <= newest AND (_owner IS NULL OR h.owner = _owner));
        IF ended <> '{}' THEN
            total := total + 1;
            SELECT origins || array_agg(h.origin), numbers || array_agg(h.number) INTO origins, numbers
                FROM unnest(ended) h WHERE h.scoped;
            RETURN QUERY SELECT * FROM @schema@.end_holds(
                CASE WHEN _owner IS NULL THEN 'revoked' ELSE 'released' END, _namespace, k,
                ARRAY(SELECT h FROM unnest(holders) h WHERE h <> ALL (ended)), ended);
        END IF;
    END LOOP;
    RETURN QUERY SELECT * FROM @schema@.tell('lost', _origin, origins, numbers);
    RETURN QUERY SELECT * FROM @schema@.wake(_namespace, _origin, part);
    RETURN NEXT ROW('done', @schema@.now(), NULL, total, newest, NULL,
        CASE WHEN _owner IS NULL AND cardinality(part) = 500 THEN part[500] END, NULL, NULL)::@schema@.line;
END $$;
