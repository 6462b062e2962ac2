-- What is held or waited for, a part at a time. _owner: null: anybody's. _cursor: null: the first part. _beyond: the
-- first text behind all those that begin with the prefix; null: none.
--
-- Answer: done with the next cursor (null: that was all); for each key `key` with the number of waiting calls (number),
-- and then its holders: `holder`, or `scope` for one of a guard, with their age (at) and the time left (span; -1: no end)
CREATE FUNCTION @schema@.list(_namespace text, _owner bytea, _cursor bytea, _prefix bytea, _beyond bytea)
RETURNS SETOF @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    t int8 := @schema@.now();
    part @schema@.lock[];
    r @schema@.lock;
    waiting int8;
BEGIN
    IF _owner IS NULL THEN
        part := ARRAY(SELECT l FROM @schema@.lock l
            WHERE l.namespace = _namespace AND l.key > coalesce(_cursor, '') AND l.key >= _prefix
                AND (_beyond IS NULL OR l.key < _beyond)
            ORDER BY l.key LIMIT 500);
    ELSE
        part := ARRAY(SELECT l FROM @schema@.owner o JOIN @schema@.lock l ON l.namespace = _namespace AND l.key = o.key
            WHERE o.namespace = _namespace AND o.owner = _owner AND o.key >= _prefix
                AND (_beyond IS NULL OR o.key < _beyond)
                AND EXISTS (SELECT FROM unnest(l.holders) h WHERE h.owner = _owner AND (h.ends = 0 OR h.ends > t))
            ORDER BY o.key);
    END IF;
    FOREACH r IN ARRAY part LOOP
        waiting := (SELECT count(*) FROM @schema@.queue(_namespace, r.key, r.served));
        CONTINUE WHEN waiting = 0 AND NOT EXISTS (
            SELECT FROM unnest(r.holders) h WHERE h.ends = 0 OR h.ends > t);
        RETURN NEXT @schema@.answer('key', NULL, waiting, r.key);
        RETURN QUERY SELECT CASE WHEN h.scoped THEN 'scope' ELSE 'holder' END, t - h.since, h.origin, h.number, h.token,
                CASE WHEN h.ends = 0 THEN -1 ELSE h.ends - t END, NULL::bytea, h.owner, h.shared
            FROM unnest(r.holders) h WHERE h.ends = 0 OR h.ends > t;
    END LOOP;
    RETURN NEXT @schema@.answer('done', NULL, NULL,
        CASE WHEN _owner IS NULL AND cardinality(part) = 500 THEN part[500].key END);
END $$;
