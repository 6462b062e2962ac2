-- For users whose protected data is in the same database: to be called in their own transactions. Until such a
-- transaction ends, nobody is granted the keys, also when their lease runs out meanwhile: so what it writes is written
-- under the lock, or not at all.

-- Fails with SQLSTATE CL001 unless the keys are held, with this fencing token, now. In any isolation level.
CREATE FUNCTION @schema@.verify(_namespace text, _keys bytea[], _token int8) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    k bytea;
    holders @schema@.holder[];
BEGIN
    FOR k IN SELECT DISTINCT u.key FROM unnest(_keys) u(key) ORDER BY u.key LOOP
        PERFORM pg_advisory_xact_lock_shared(@schema@.barrier(_namespace, k));
        -- A snapshot may not know the latest holder. Then such a lock fails (40001); it is given back at once, for renewals
        -- want the row, too. (The one below does not fail: holders are no part of the key.)
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            BEGIN
                PERFORM FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k FOR SHARE;
                RAISE EXCEPTION USING ERRCODE = 'CL002';
            EXCEPTION WHEN SQLSTATE 'CL002' THEN
                NULL;
            END;
        END IF;
        SELECT l.holders INTO holders FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k
            FOR KEY SHARE;
        IF NOT EXISTS (SELECT FROM unnest(holders) h
                       WHERE h.token = _token AND (h.ends = 0 OR h.ends > @schema@.now())) THEN
            RAISE EXCEPTION 'stale lock: key "%" is not held with the token %', encode(k, 'escape'), _token
                USING ERRCODE = 'CL001';
        END IF;
    END LOOP;
END $$;

-- Takes the keys until the end of the transaction, and returns a fencing token. Does not wait: fails with SQLSTATE 55P03
-- (lock_not_available) if anybody holds one, or waits for it. For transactions that are "read committed".
CREATE FUNCTION @schema@.take(_namespace text, VARIADIC _keys bytea[]) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE
    k bytea;
    r @schema@.lock;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'take() needs a transaction that is "read committed"'
            USING ERRCODE = 'invalid_transaction_state',
                HINT = 'A snapshot that is older than the call cannot tell whether a key is free.';
    END IF;
    FOR k IN SELECT DISTINCT u.key FROM unnest(_keys) u(key) ORDER BY u.key LOOP
        IF pg_try_advisory_xact_lock(@schema@.barrier(_namespace, k)) THEN
            SELECT * INTO r FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k;
            CONTINUE WHEN NOT EXISTS (SELECT FROM unnest(r.holders) h WHERE h.ends = 0 OR h.ends > @schema@.now())
                AND NOT EXISTS (SELECT FROM @schema@.queue(_namespace, k, coalesce(r.served, 0)));
        END IF;
        RAISE EXCEPTION 'Failed to acquire lock for key "%"', encode(k, 'escape') USING ERRCODE = 'lock_not_available';
    END LOOP;
    RETURN nextval('@schema@.token');
END $$;
