-- Takes all keys or none; queues for them, or looks whether it is the call's turn. The same call sent again gets the
-- same answer.
--
-- _flags: r: sent again, o: tell of events. _valid: the message counts until then. _expire: 0: none given, -1: no end.
-- _deadline: 0: none, null: do not queue. _longest: of a queue. _keys: sorted.
-- Answers: done, queued, refused, full, late, spent
CREATE FUNCTION @schema@.acquire(
    _namespace text, _origin int8, _number int8, _try int8, _flags text, _valid int8, _shared bool, _scoped bool,
    _owner bytea, _expire int8, _deadline int8, _longest int8, _keys bytea[])
RETURNS SETOF @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    n int := cardinality(_keys);
    name text := CASE WHEN _owner <> '' THEN to_hex(_origin) || '.' || to_hex(_number) END;
    t int8 := @schema@.now();
    e int8 := CASE WHEN _expire > 0 THEN t + _expire ELSE 0 END;
    i int;
    k bytea := _keys[1];
    r @schema@.lock;
    drawn int8;
    granted bool;
    queued bool;
    changed bool;
    what text;
BEGIN
    -- The common cases: one key that nobody holds or waits for; or that another holds, and the call would not wait.
    IF n = 1 AND _flags = '' AND _try = 1 AND t <= _valid THEN
        UPDATE @schema@.lock l
            SET holders = ARRAY[ROW(_origin, _number, nextval('@schema@.token'), _shared, e, t, _owner, _scoped,
                                    name)::@schema@.holder],
                due = CASE WHEN e <> 0 AND NOT _scoped THEN e END,
                changed = t
            WHERE l.namespace = _namespace AND l.key = k AND l.holders = '{}'
                -- in this order: the barrier of a key that is not granted must not be seen by others
                AND CASE WHEN EXISTS (SELECT FROM @schema@.waiter w
                                      WHERE w.namespace = _namespace AND w.key = k AND w.ticket >= l.served) THEN false
                         WHEN EXISTS (SELECT FROM @schema@.spent s
                                      WHERE s.namespace = _namespace AND s.origin = _origin AND s.number = _number
                                          AND s.first > _try) THEN false
                         ELSE pg_try_advisory_xact_lock(@schema@.barrier(_namespace, k)) END
            RETURNING (l.holders[1]).token INTO drawn;
        granted := FOUND;
        IF NOT granted THEN
            SELECT * INTO r FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k;
            IF NOT FOUND AND NOT EXISTS (
                    SELECT FROM @schema@.spent s
                    WHERE s.namespace = _namespace AND s.origin = _origin AND s.number = _number AND s.first > _try)
                AND pg_try_advisory_xact_lock(@schema@.barrier(_namespace, k)) THEN
                INSERT INTO @schema@.lock AS l (namespace, key, holders, due, changed)
                    VALUES (_namespace, k, ARRAY[ROW(_origin, _number, nextval('@schema@.token'), _shared, e, t, _owner,
                                                     _scoped, name)::@schema@.holder],
                            CASE WHEN e <> 0 AND NOT _scoped THEN e END, t)
                    ON CONFLICT DO NOTHING RETURNING (l.holders[1]).token INTO drawn;
                granted := FOUND;
            ELSIF _deadline IS NULL AND EXISTS (
                SELECT FROM unnest(r.holders) o
                    WHERE (o.ends = 0 OR o.ends > t) AND (o.owner = '' OR o.owner <> _owner)
                        AND NOT (o.shared AND _shared) AND NOT (o.origin = _origin AND o.number = _number)) THEN
                RETURN NEXT @schema@.answer('refused');
                RETURN;
            END IF;
        END IF;
        IF granted THEN
            IF _owner <> '' THEN
                INSERT INTO @schema@.owner VALUES (_namespace, _owner, k) ON CONFLICT DO NOTHING;
            END IF;
            RETURN NEXT ROW('done', t, _origin, _number, drawn, e, NULL, NULL, false)::@schema@.line;
            RETURN;
        END IF;
    END IF;

    RETURN QUERY SELECT * FROM @schema@.enter(_namespace, _keys, true);
    changed := FOUND;
    IF @schema@.now() > _valid THEN
        RETURN NEXT @schema@.answer('late');
    ELSIF @schema@.is_spent(_namespace, _origin, _number, _try, _flags LIKE '%r%') THEN
        RETURN NEXT @schema@.answer('spent');
    ELSE
        -- What the call got before, if it is sent again.
        SELECT count(*), max(o.token), coalesce(min(nullif(o.ends, 0)), 0) INTO i, drawn, e
            FROM @schema@.lock l, unnest(l.holders) o
            WHERE l.namespace = _namespace AND l.key = ANY (_keys) AND o.origin = _origin AND o.number = _number;
        IF i = n THEN
            RETURN NEXT ROW('done', @schema@.now(), _origin, _number, drawn, e, NULL, NULL, false)::@schema@.line;
            RETURN;
        END IF;
        what := @schema@.verdict(_namespace, _origin, _number, _shared, _owner, _keys);
        queued := EXISTS (SELECT FROM @schema@.waiter w
                          WHERE w.namespace = _namespace AND w.origin = _origin AND w.number = _number);
        IF what IN ('busy', 'barred') AND _deadline IS NOT NULL THEN
            RETURN NEXT @schema@.enqueue(_namespace, _origin, _number, _shared, _owner, _deadline, _longest, _keys,
                                         queued, what = 'barred');
        ELSE
            IF queued THEN
                DELETE FROM @schema@.waiter w
                    WHERE w.namespace = _namespace AND w.origin = _origin AND w.number = _number;
                changed := changed OR _shared OR what <> 'free'; -- else nobody can enter behind it
            END IF;
            IF what = 'free' THEN
                RETURN QUERY SELECT * FROM @schema@.grant_keys(_namespace, _origin, _number, _shared, _scoped, _owner,
                                                               _expire, _keys);
            ELSE
                RETURN NEXT @schema@.answer('refused');
            END IF;
        END IF;
    END IF;
    IF changed THEN
        RETURN QUERY SELECT * FROM @schema@.wake(_namespace, _origin, _keys);
    END IF;
    IF _flags LIKE '%o%' THEN
        RETURN QUERY SELECT 'waiters', NULL::int8, NULL::int8, (
                SELECT count(*) FROM @schema@.queue(_namespace, u.key, coalesce(l.served, 0))), NULL::int8, NULL::int8,
                NULL::bytea, NULL::bytea, NULL::bool
            FROM unnest(_keys) WITH ORDINALITY u(key, place)
            LEFT JOIN @schema@.lock l ON l.namespace = _namespace AND l.key = u.key ORDER BY u.place;
    END IF;
END $$;

-- The call may enter: writes it into the rows of its keys, which are locked.
CREATE FUNCTION @schema@.grant_keys(
    _namespace text, _origin int8, _number int8, _shared bool, _scoped bool, _owner bytea, _expire int8, _keys bytea[])
RETURNS SETOF @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    name text := CASE WHEN _owner <> '' THEN to_hex(_origin) || '.' || to_hex(_number) END;
    t int8 := @schema@.now();
    e int8 := CASE WHEN _expire > 0 THEN t + _expire ELSE 0 END;
    first_end int8 := 0;
    hold_origin int8 := _origin;
    hold_number int8 := _number;
    drawn int8;
    held int;
    alike bool;
    k bytea;
    r @schema@.lock;
    h @schema@.holder;
    o @schema@.holder;
    others @schema@.holder[];
    serving int8;
BEGIN
    -- Is it all one acquisition of the owner already?
    IF _owner <> '' THEN
        SELECT count(*), count(DISTINCT (u.origin, u.number)) = 1 INTO held, alike
            FROM @schema@.lock l, unnest(l.holders) u
            WHERE l.namespace = _namespace AND l.key = ANY (_keys) AND u.owner = _owner;
        IF held = cardinality(_keys) AND alike THEN
            SELECT u.origin, u.number, u.token INTO hold_origin, hold_number, drawn
                FROM @schema@.lock l, unnest(l.holders) u
                WHERE l.namespace = _namespace AND l.key = _keys[1] AND u.owner = _owner;
        END IF;
    END IF;
    alike := drawn IS NOT NULL;
    IF NOT alike THEN
        drawn := nextval('@schema@.token');
    END IF;
    FOREACH k IN ARRAY _keys LOOP
        SELECT * INTO r FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k;
        h := NULL;
        others := '{}';
        FOREACH o IN ARRAY r.holders LOOP
            IF _owner <> '' AND o.owner = _owner THEN
                h := o;
            ELSE
                others := others || o;
            END IF;
        END LOOP;
        IF h.origin IS NOT NULL THEN
            h.origin := hold_origin;
            h.number := hold_number;
            h.token := drawn;
            h.ends := CASE WHEN _expire <> 0 THEN e ELSE h.ends END;
            -- A call is counted among those that were granted a hold, so that its abandonment ends no hold that another
            -- call of the owner got. Beyond some, the hold is simply there to stay until it is released.
            h.joined := CASE WHEN length(h.joined) > 300 THEN NULL
                             WHEN position(name IN h.joined) > 0 THEN h.joined
                             ELSE h.joined || ' ' || name END;
            RETURN NEXT ROW('renewed', NULL, NULL, NULL, drawn, t - h.since, k, _owner, h.shared)::@schema@.line;
        ELSE
            h := ROW(_origin, _number, drawn, _shared, e, t, _owner, _scoped, name);
            IF _owner <> '' THEN
                INSERT INTO @schema@.owner VALUES (_namespace, _owner, k) ON CONFLICT DO NOTHING;
                -- Other calls of the owner may enter with it, wherever they are in the queue.
                RETURN QUERY SELECT * FROM @schema@.tell('wake', _origin,
                    ARRAY(SELECT w.origin FROM @schema@.queue(_namespace, k, 0) w WHERE w.owner = _owner),
                    ARRAY(SELECT w.number FROM @schema@.queue(_namespace, k, 0) w WHERE w.owner = _owner));
            END IF;
        END IF;
        first_end := least(nullif(h.ends, 0), nullif(first_end, 0));
        first_end := coalesce(first_end, 0);
        serving := NULL;
        SELECT w.ticket INTO serving FROM @schema@.queue(_namespace, k, r.served) w LIMIT 1;
        UPDATE @schema@.lock l
            SET holders = others || h, due = @schema@.first_end(others || h), changed = t,
                served = coalesce(serving, drawn)
            WHERE l.namespace = _namespace AND l.key = k;
    END LOOP;
    RETURN NEXT ROW('done', t, hold_origin, hold_number, drawn, first_end, NULL, NULL, alike)::@schema@.line;
END $$;

-- The call must wait: it takes its place in the queues of all its keys, unless it has it. `_barred`: nothing tells when
-- it need not any more, but another look.
CREATE FUNCTION @schema@.enqueue(
    _namespace text, _origin int8, _number int8, _shared bool, _owner bytea, _deadline int8, _longest int8,
    _keys bytea[], _queued bool, _barred bool)
RETURNS @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    k bytea;
    ticket int8;
    change int8;
BEGIN
    IF NOT @schema@.is_alive(_namespace, _origin) THEN
        PERFORM @schema@.stay_alive(_namespace, _origin);
        _queued := false;
    END IF;
    IF NOT _queued THEN
        IF _longest < 1000000000 THEN
            FOREACH k IN ARRAY _keys LOOP
                IF (SELECT count(*) FROM @schema@.queue(_namespace, k, 0)) >= _longest THEN
                    RETURN @schema@.answer('full');
                END IF;
            END LOOP;
        END IF;
        ticket := nextval('@schema@.token');
        INSERT INTO @schema@.waiter
            SELECT _namespace, u.key, ticket, _origin, _number, _shared, cardinality(_keys) = 1, _owner, _deadline
            FROM unnest(_keys) u(key);
    END IF;
    SELECT min(c.span) INTO change
        FROM (SELECT @schema@.next_change(_namespace, _origin, u.key, false) AS span FROM unnest(_keys) u(key)) c
        WHERE c.span >= 0;
    IF _barred THEN
        change := least(change, 50000);
    END IF;
    RETURN @schema@.answer('queued', coalesce(change, -1));
END $$;
