-- Moves the end of all keys of an acquisition, or of none. _span: -1: no end.
--
-- Answers: done, gone: not all are held by it any more, late
CREATE FUNCTION @schema@.extend(
    _namespace text, _origin int8, _number int8, _valid int8, _span int8, _keys bytea[])
RETURNS SETOF @schema@.line LANGUAGE plpgsql AS $$
DECLARE
    t int8;
    k bytea;
    changed bool;
    held @schema@.holder[];
BEGIN
    RETURN QUERY SELECT * FROM @schema@.enter(_namespace, _keys, false);
    changed := FOUND;
    t := @schema@.now();
    IF t > _valid THEN
        RETURN NEXT @schema@.answer('late');
    ELSIF (SELECT count(*) FROM @schema@.lock l, unnest(l.holders) h
           WHERE l.namespace = _namespace AND l.key = ANY (_keys) AND h.origin = _origin AND h.number = _number
               AND NOT h.scoped) < cardinality(_keys) THEN
        RETURN NEXT @schema@.answer('gone');
    ELSE
        FOREACH k IN ARRAY _keys LOOP
            SELECT ARRAY(SELECT ROW(h.origin, h.number, h.token, h.shared,
                    CASE WHEN h.origin <> _origin OR h.number <> _number THEN h.ends WHEN _span < 0 THEN 0
                         ELSE t + _span END,
                    h.since, h.owner, h.scoped, h.joined)::@schema@.holder FROM unnest(l.holders) h)
                INTO held FROM @schema@.lock l WHERE l.namespace = _namespace AND l.key = k;
            PERFORM @schema@.store(_namespace, k, held);
            RETURN QUERY SELECT 'renewed', NULL::int8, NULL::int8, NULL::int8, h.token, t - h.since, k, h.owner, h.shared
                FROM unnest(held) h WHERE h.origin = _origin AND h.number = _number;
        END LOOP;
        RETURN NEXT @schema@.answer('done');
    END IF;
    IF changed THEN
        RETURN QUERY SELECT * FROM @schema@.wake(_namespace, _origin, _keys);
    END IF;
END $$;
