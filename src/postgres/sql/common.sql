-- What the functions of the steps share.

CREATE FUNCTION @schema@.now() RETURNS int8 LANGUAGE sql VOLATILE AS $$
    SELECT (date_part('epoch', clock_timestamp()) * 1000000)::int8
$$;

-- The advisory lock that keeps a key from being granted while a transaction relies on it (transactions.sql).
CREATE FUNCTION @schema@.barrier(_namespace text, _key bytea) RETURNS int8 LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtextextended(_namespace || '/' || encode(_key, 'hex'), 7236832140237)
$$;

-- Sees to it that the sequence is not behind the clock; gives the time. Asked by each new connection, and so by all after
-- a failover. What others draw meanwhile is less than a second's microseconds. (ALTER SEQUENCE would keep them from it,
-- but would itself wait for whoever has called take().)
CREATE FUNCTION @schema@.catch_up() RETURNS int8 LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF (SELECT last_value FROM @schema@.token) < @schema@.now() - 1000000 THEN
        PERFORM pg_advisory_xact_lock(7236832140238);
        IF (SELECT last_value FROM @schema@.token) < @schema@.now() - 1000000 THEN
            PERFORM setval('@schema@.token', @schema@.now());
        END IF;
    END IF;
    RETURN @schema@.now();
END $$;

-- Functions in SQL are planned at each call, unless they become part of the caller's plan: those that would not are in
-- PL/pgSQL.

CREATE FUNCTION @schema@.first_end(_holders @schema@.holder[]) RETURNS int8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    h @schema@.holder;
    first int8;
BEGIN
    FOREACH h IN ARRAY _holders LOOP
        IF h.ends <> 0 AND NOT h.scoped AND (first IS NULL OR h.ends < first) THEN
            first := h.ends;
        END IF;
    END LOOP;
    RETURN first;
END $$;

-- Locks the row of a key; null if there is none, unless it is to be made. A transaction that keeps its snapshot changes
-- the row, too: who has an older snapshot, and so does not see who queued meanwhile, must fail, or would wake nobody.
CREATE FUNCTION @schema@.lock_row(_namespace text, _key bytea, _make bool) RETURNS @schema@.lock LANGUAGE plpgsql AS $$
DECLARE
    r @schema@.lock;
BEGIN
    LOOP
        IF current_setting('transaction_isolation') = 'read committed' THEN
            SELECT * INTO r FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = _key FOR NO KEY UPDATE;
        ELSE
            UPDATE @schema@.lock l SET changed = l.changed WHERE l.namespace = _namespace AND l.key = _key
                RETURNING l.* INTO r;
        END IF;
        EXIT WHEN FOUND OR NOT _make;
        INSERT INTO @schema@.lock (namespace, key, changed) VALUES (_namespace, _key, @schema@.now())
            ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN r;
END $$;

-- Writes who holds a key from now on. The row is locked.
CREATE FUNCTION @schema@.store(_namespace text, _key bytea, _holders @schema@.holder[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE @schema@.lock l SET holders = _holders, due = @schema@.first_end(_holders), changed = @schema@.now()
        WHERE l.namespace = _namespace AND l.key = _key;
END $$;

-- Ends holds of a key, and tells of it. The row is locked; `_kept` is what stays.
CREATE FUNCTION @schema@.end_holds(
    _kind text, _namespace text, _key bytea, _kept @schema@.holder[], _ended @schema@.holder[])
RETURNS SETOF @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    h @schema@.holder;
BEGIN
    PERFORM @schema@.store(_namespace, _key, _kept);
    FOREACH h IN ARRAY _ended LOOP
        IF h.owner <> '' THEN
            DELETE FROM @schema@.owner o WHERE o.namespace = _namespace AND o.owner = h.owner AND o.key = _key;
        END IF;
        RETURN NEXT ROW(_kind, NULL, NULL, NULL, h.token, @schema@.now() - h.since, _key, h.owner, h.shared)::@schema@.line;
    END LOOP;
END $$;

-- Locks the rows of keys, which are sorted, and ends what has expired.
CREATE FUNCTION @schema@.enter(_namespace text, _keys bytea[], _make bool) RETURNS SETOF @schema@.line
LANGUAGE plpgsql AS $$
DECLARE
    k bytea;
    r @schema@.lock;
    h @schema@.holder;
    t int8;
    expired bool;
BEGIN
    FOREACH k IN ARRAY _keys LOOP
        r := @schema@.lock_row(_namespace, k, _make);
        CONTINUE WHEN r.key IS NULL;
        t := @schema@.now();
        expired := false;
        FOREACH h IN ARRAY r.holders LOOP
            expired := expired OR (h.ends <> 0 AND h.ends <= t);
        END LOOP;
        IF expired THEN
            RETURN QUERY SELECT * FROM @schema@.end_holds('expired', _namespace, k,
                ARRAY(SELECT u FROM unnest(r.holders) u WHERE u.ends = 0 OR u.ends > t),
                ARRAY(SELECT u FROM unnest(r.holders) u WHERE u.ends <> 0 AND u.ends <= t));
        END IF;
    END LOOP;
END $$;

-- ---- messages that come late ----

-- From now on only tries of the call from `_first` on count.
CREATE FUNCTION @schema@.spend(_namespace text, _origin int8, _number int8, _first int8) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO @schema@.spent VALUES (_namespace, _origin, _number, _first, @schema@.now() + 60000000)
        ON CONFLICT (namespace, origin, number) DO UPDATE SET first = excluded.first, until = excluded.until;
END $$;

-- Whether a message comes too late to count: a later one took its place, or the call was abandoned.
CREATE FUNCTION @schema@.is_spent(_namespace text, _origin int8, _number int8, _try int8, _again bool) RETURNS bool
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM @schema@.spent s
               WHERE s.namespace = _namespace AND s.origin = _origin AND s.number = _number AND s.first > _try) THEN
        RETURN true;
    END IF;
    IF _again THEN
        PERFORM @schema@.spend(_namespace, _origin, _number, _try);
    END IF;
    RETURN false;
END $$;

-- ---- queues ----

CREATE FUNCTION @schema@.is_alive(_namespace text, _origin int8) RETURNS bool LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM @schema@.process p
                   WHERE p.namespace = _namespace AND p.origin = _origin AND p.alive_until > @schema@.now());
END $$;

-- Who waits for a key and is alive, in order.
CREATE FUNCTION @schema@.queue(_namespace text, _key bytea, _from int8) RETURNS SETOF @schema@.waiter
LANGUAGE sql STABLE AS $$
    SELECT w.* FROM @schema@.waiter w JOIN @schema@.process p ON p.namespace = w.namespace AND p.origin = w.origin
        WHERE w.namespace = _namespace AND w.key = _key AND w.ticket >= _from
            AND p.alive_until > @schema@.now() AND (w.deadline = 0 OR w.deadline >= @schema@.now())
        ORDER BY w.ticket
$$;

-- The process is alive for the next 5 s. If it was not, its calls have lost their places.
CREATE FUNCTION @schema@.stay_alive(_namespace text, _origin int8) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT @schema@.is_alive(_namespace, _origin) THEN
        DELETE FROM @schema@.waiter w WHERE w.namespace = _namespace AND w.origin = _origin;
    END IF;
    INSERT INTO @schema@.process VALUES (_namespace, _origin, @schema@.now() + 5000000)
        ON CONFLICT (namespace, origin) DO UPDATE SET alive_until = excluded.alive_until;
END $$;

-- What can be done for a call: 'free': it may enter; 'busy': it must wait; 'barred': a transaction relies on a key;
-- 'never': it would be an upgrade. The rows are locked.
CREATE FUNCTION @schema@.verdict(
    _namespace text, _origin int8, _number int8, _shared bool, _owner bytea, _keys bytea[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text := 'free';
    r @schema@.lock;
    w @schema@.waiter;
    own @schema@.holder;
    enters bool;
    needed bytea[] := '{}';
    k bytea;
BEGIN
    FOR r IN SELECT * FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = ANY (_keys) LOOP
        own := NULL;
        IF _owner <> '' THEN
            SELECT * INTO own FROM unnest(r.holders) h WHERE h.owner = _owner;
        END IF;
        IF own.origin IS NOT NULL THEN
            IF own.shared AND NOT _shared THEN
                RETURN 'never';
            END IF;
            CONTINUE;
        END IF;
        enters := r.holders = '{}' OR (_shared AND (r.holders[1]).shared);
        IF enters THEN
            FOR w IN SELECT * FROM @schema@.queue(_namespace, r.key, r.served) LOOP
                EXIT WHEN w.origin = _origin AND w.number = _number;
                enters := _shared AND w.shared AND w.single AND EXISTS (
                    SELECT FROM @schema@.waiter m WHERE m.namespace = _namespace AND m.origin = _origin
                        AND m.number = _number);
                EXIT WHEN NOT enters;
            END LOOP;
        END IF;
        IF NOT enters THEN
            result := 'busy';
        END IF;
        needed := needed || r.key;
    END LOOP;
    IF result = 'free' THEN
        FOREACH k IN ARRAY needed LOOP
            IF NOT pg_try_advisory_xact_lock(@schema@.barrier(_namespace, k)) THEN
                RETURN 'barred';
            END IF;
        END LOOP;
    END IF;
    RETURN result;
END $$;

-- Those in front of a queue who can now run: one writer, or the readers up to the first other. A hint: they ask
-- again, and may have to wait for other keys.
CREATE FUNCTION @schema@.ready(_namespace text, _key bytea) RETURNS SETOF @schema@.waiter LANGUAGE plpgsql STABLE AS $$
DECLARE
    r @schema@.lock;
    w @schema@.waiter;
BEGIN
    SELECT * INTO r FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = _key;
    FOR w IN SELECT * FROM @schema@.queue(_namespace, _key, r.served) LOOP
        EXIT WHEN NOT (r.holders = '{}' OR (w.shared AND (r.holders[1]).shared)
            OR (w.owner <> '' AND EXISTS (SELECT FROM unnest(r.holders) h WHERE h.owner = w.owner)));
        RETURN NEXT w;
        EXIT WHEN NOT (w.shared AND w.single);
    END LOOP;
END $$;

-- Tells numbers to the processes that they are of: the calling one in lines, others by notifications.
CREATE FUNCTION @schema@.tell(_what text, _caller int8, _origins int8[], _numbers int8[]) RETURNS SETOF @schema@.line
LANGUAGE plpgsql AS $$
DECLARE
    o int8;
    message text;
BEGIN
    RETURN QUERY SELECT DISTINCT _what, NULL::int8, u.origin, u.number, NULL::int8, NULL::int8, NULL::bytea, NULL::bytea,
            NULL::bool
        FROM unnest(_origins, _numbers) u(origin, number) WHERE u.origin = _caller;
    FOR o, message IN -- of at most 8000 bytes
        SELECT p.origin, string_agg(to_hex(p.number), ' ') FROM (
            SELECT d.origin, d.number, (row_number() OVER (PARTITION BY d.origin) - 1) / 400 AS part FROM (
                SELECT DISTINCT u.origin, u.number FROM unnest(_origins, _numbers) u(origin, number)
                WHERE u.origin <> _caller) d) p
        GROUP BY p.origin, p.part
    LOOP
        PERFORM pg_notify('colock_' || to_hex(o), left(_what, 1) || message);
    END LOOP;
END $$;

-- Wakes those who queue for the keys and can now run.
CREATE FUNCTION @schema@.wake(_namespace text, _caller int8, _keys bytea[]) RETURNS SETOF @schema@.line
LANGUAGE plpgsql AS $$
DECLARE
    k bytea;
    w @schema@.waiter;
    origins int8[] := '{}';
    numbers int8[] := '{}';
BEGIN
    FOREACH k IN ARRAY _keys LOOP
        FOR w IN SELECT * FROM @schema@.ready(_namespace, k) LOOP
            IF w.origin = _caller THEN
                RETURN NEXT ROW('wake', NULL, w.origin, w.number, NULL, NULL, NULL, NULL, NULL)::@schema@.line;
            ELSE
                origins := origins || w.origin;
                numbers := numbers || w.number;
            END IF;
        END LOOP;
    END LOOP;
    IF origins <> '{}' THEN
        RETURN QUERY SELECT * FROM @schema@.tell('wake', _caller, origins, numbers);
    END IF;
END $$;

-- How long until something about a key changes by itself; -1: it does not. Who is in front of a queue may be of a
-- process that is dead, which is known when it has not been heard of for long enough. That is asked for only if it
-- matters at once, or by those who look from time to time.
CREATE FUNCTION @schema@.next_change(_namespace text, _caller int8, _key bytea, _looking bool) RETURNS int8
LANGUAGE plpgsql STABLE AS $$
DECLARE
    r @schema@.lock;
    h @schema@.holder;
    front int8;
    dead_at int8;
    first int8;
BEGIN
    SELECT * INTO r FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = _key;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    FOREACH h IN ARRAY r.holders LOOP
        IF h.ends <> 0 AND (first IS NULL OR h.ends < first) THEN
            first := h.ends;
        END IF;
    END LOOP;
    IF _looking OR r.holders = '{}' THEN
        SELECT w.origin INTO front FROM @schema@.queue(_namespace, _key, r.served) w LIMIT 1;
        IF front <> _caller THEN
            SELECT p.alive_until INTO dead_at FROM @schema@.process p
                WHERE p.namespace = _namespace AND p.origin = front;
            first := least(first, dead_at);
        END IF;
    END IF;
    RETURN coalesce(first - @schema@.now(), -1);
END $$;

-- An answer that says no more than what became of the step.
CREATE FUNCTION @schema@.answer(_what text, _span int8 DEFAULT NULL, _number int8 DEFAULT NULL, _key bytea DEFAULT NULL)
RETURNS @schema@.line LANGUAGE sql AS $$
    SELECT ROW(_what, @schema@.now(), NULL, _number, NULL, _span, _key, NULL, NULL)::@schema@.line
$$;
