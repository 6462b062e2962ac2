-- What a process does from time to time, in one message for all its locks: renews its leases, keeps its waiting calls
-- alive, looks at the keys they wait for, and clears away what has expired, whosever it was.
--
-- _waits: it has waiting calls. _cursor: of what is cleared away in parts; null: from the beginning. _renewed,
-- _renewed_keys, _spans: its leases. _calls: those that wait. _awaited: the keys they wait for.
-- Answer: done with the next cursor, and whether there is more to clear away (number); for each waiting call that is in
-- no queue (it was given up for dead) `missing`; for each lease that is lost `unrenewed`; for each key waited for
-- `change`, in their order: how long until it changes by itself
CREATE FUNCTION @schema@.tick(
    _namespace text, _origin int8, _valid int8, _waits bool, _cursor bytea, _renewed int8[], _renewed_keys bytea[],
    _spans int8[], _calls int8[], _awaited bytea[])
RETURNS SETOF @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    t int8;
    i int;
    k bytea;
    dead int8;
    gone bool;
    found_some bool := false;
    part bytea[];
    idle bytea[];
    changed bytea[] := '{}';
    held @schema@.holder[];
BEGIN
    IF @schema@.now() <= _valid THEN
        IF _waits THEN
            PERFORM @schema@.stay_alive(_namespace, _origin);
        ELSE
            DELETE FROM @schema@.process p WHERE p.namespace = _namespace AND p.origin = _origin;
        END IF;
    END IF;

    -- Leases, in the order of their keys.
    FOR i, k IN SELECT u.place, u.key FROM unnest(_renewed_keys) WITH ORDINALITY u(key, place) ORDER BY u.key LOOP
        SELECT l.holders INTO held FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k FOR NO KEY UPDATE;
        t := @schema@.now();
        IF EXISTS (SELECT FROM unnest(held) h WHERE h.origin = _origin AND h.number = _renewed[i] AND h.ends > t) THEN
            UPDATE @schema@.lock l SET holders = ARRAY(
                SELECT ROW(h.origin, h.number, h.token, h.shared,
                        CASE WHEN h.origin = _origin AND h.number = _renewed[i] THEN greatest(h.ends, t + _spans[i])
                             ELSE h.ends END,
                        h.since, h.owner, h.scoped, h.joined)::@schema@.holder FROM unnest(held) h)
                WHERE l.namespace = _namespace AND l.key = k;
        ELSE
            RETURN NEXT @schema@.answer('unrenewed', NULL, _renewed[i]);
        END IF;
    END LOOP;

    -- From here on no lock is waited for: what others use now is for the next time.
    t := @schema@.now();
    FOR k, held IN
        SELECT l.key, l.holders FROM @schema@.lock l WHERE l.namespace = _namespace AND l.due <= t
            ORDER BY l.due LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        RETURN QUERY SELECT * FROM @schema@.end_holds('expired', _namespace, k,
            ARRAY(SELECT h FROM unnest(held) h WHERE h.ends = 0 OR h.ends > t),
            ARRAY(SELECT h FROM unnest(held) h WHERE h.ends <> 0 AND h.ends <= t));
        changed := changed || k;
    END LOOP;
    found_some := cardinality(changed) = 500;

    -- What processes that died in their scopes left, and keys that nobody has used for a minute: a part at a time.
    SELECT array_agg(p.key ORDER BY p.key) INTO part FROM (
        SELECT l.key FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key > coalesce(_cursor, '')
            ORDER BY l.key LIMIT 500) p;
    FOR k, held IN
        SELECT l.key, l.holders FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = ANY (part)
            AND EXISTS (SELECT FROM unnest(l.holders) h WHERE h.ends <> 0 AND h.ends <= t) FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        RETURN QUERY SELECT * FROM @schema@.end_holds('expired', _namespace, k,
            ARRAY(SELECT h FROM unnest(held) h WHERE h.ends = 0 OR h.ends > t),
            ARRAY(SELECT h FROM unnest(held) h WHERE h.ends <> 0 AND h.ends <= t));
        changed := changed || k;
        found_some := true;
    END LOOP;
    -- Locked first: whoever queues for such a key holds its row.
    SELECT array_agg(p.key) INTO idle FROM (
        SELECT l.key FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = ANY (part) AND l.holders = '{}'
            AND l.changed < t - 60000000 FOR UPDATE SKIP LOCKED) p;
    DELETE FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = ANY (idle) AND NOT EXISTS (
        SELECT FROM @schema@.waiter w WHERE w.namespace = _namespace AND w.key = l.key);
    found_some := found_some OR FOUND;
    DELETE FROM @schema@.spent s WHERE s.until < t;

    -- Processes that are dead lose their places in all queues.
    FOR dead IN
        SELECT p.origin FROM @schema@.process p WHERE p.namespace = _namespace AND p.alive_until < t
            FOR UPDATE SKIP LOCKED
    LOOP
        gone := true;
        FOR k IN SELECT DISTINCT w.key FROM @schema@.waiter w WHERE w.namespace = _namespace AND w.origin = dead LOOP
            PERFORM FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k FOR NO KEY UPDATE SKIP LOCKED;
            IF FOUND THEN
                DELETE FROM @schema@.waiter w WHERE w.namespace = _namespace AND w.key = k AND w.origin = dead;
                changed := changed || k;
            ELSE
                gone := false;
            END IF;
        END LOOP;
        IF gone THEN
            DELETE FROM @schema@.process p WHERE p.namespace = _namespace AND p.origin = dead;
        END IF;
    END LOOP;

    RETURN QUERY SELECT 'missing', NULL::int8, NULL::int8, u.number, NULL::int8, NULL::int8, NULL::bytea, NULL::bytea,
            NULL::bool
        FROM unnest(_calls) u(number) WHERE NOT EXISTS (
            SELECT FROM @schema@.waiter w
            WHERE w.namespace = _namespace AND w.origin = _origin AND w.number = u.number);
    RETURN QUERY SELECT 'change', NULL::int8, NULL::int8, NULL::int8, NULL::int8,
            @schema@.next_change(_namespace, _origin, u.key, true), NULL::bytea, NULL::bytea, NULL::bool
        FROM unnest(_awaited) WITH ORDINALITY u(key, place) ORDER BY u.place;
    RETURN QUERY SELECT * FROM @schema@.wake(_namespace, _origin, changed || _awaited);
    RETURN NEXT @schema@.answer('done', NULL, CASE WHEN found_some THEN 1 ELSE 0 END,
                                CASE WHEN cardinality(part) = 500 THEN part[500] END);
END $$;
