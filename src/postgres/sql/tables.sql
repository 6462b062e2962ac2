-- All that the provider keeps. @schema@ stands for the name of its schema, here and in the other files.
--
-- Times are microseconds since the epoch, by the server's clock_timestamp(); 0 as an end: none. A call is named by
-- the number of its process (origin) and its own. Whoever changes what a key's row or its queue says holds the row
-- lock of that row; rows are locked in the order of their keys.

-- One acquisition, in the row of each of its keys.
CREATE TYPE @schema@.holder AS (
    origin int8,
    number int8,
    token int8,
    shared bool,
    ends int8,
    since int8,
    owner bytea, -- '': none
    scoped bool, -- of a guard or an `execute`: its process renews it
    joined text  -- the calls that were granted it, if it has an owner; null: too many to tell
);

-- A key. Rows stay when the key is free, for the next time, and are removed when that does not come for a minute.
CREATE TABLE @schema@.lock (
    namespace text COLLATE "C" NOT NULL,
    key bytea NOT NULL,
    holders @schema@.holder[] NOT NULL DEFAULT '{}',
    due int8,                        -- the first end of what no process renews
    served int8 NOT NULL DEFAULT 0,  -- nobody waits with a ticket below this
    changed int8 NOT NULL DEFAULT 0, -- when it was last taken or freed
    PRIMARY KEY (namespace, key)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX lock_due ON @schema@.lock (namespace, due) WHERE due IS NOT NULL;

-- Which keys an owner holds.
CREATE TABLE @schema@.owner (
    namespace text COLLATE "C" NOT NULL,
    owner bytea NOT NULL,
    key bytea NOT NULL,
    PRIMARY KEY (namespace, owner, key)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- Who waits: a row for each key of a call, with the same ticket. After a crash they queue again by themselves.
CREATE UNLOGGED TABLE @schema@.waiter (
    namespace text COLLATE "C" NOT NULL,
    key bytea NOT NULL,
    ticket int8 NOT NULL,
    origin int8 NOT NULL,
    number int8 NOT NULL,
    shared bool NOT NULL,
    single bool NOT NULL, -- it waits for this key only
    owner bytea NOT NULL,
    deadline int8 NOT NULL,
    PRIMARY KEY (namespace, key, ticket)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX waiter_call ON @schema@.waiter (namespace, origin, number);

-- Processes that have waiting calls. One that is not heard of for 5 s loses its places.
CREATE UNLOGGED TABLE @schema@.process (
    namespace text COLLATE "C" NOT NULL,
    origin int8 NOT NULL,
    alive_until int8 NOT NULL,
    PRIMARY KEY (namespace, origin)
) WITH (fillfactor = 50);

-- Calls of which earlier messages may still arrive: only tries from `first` on count.
CREATE TABLE @schema@.spent (
    namespace text COLLATE "C" NOT NULL,
    origin int8 NOT NULL,
    number int8 NOT NULL,
    first int8 NOT NULL,
    until int8 NOT NULL,
    PRIMARY KEY (namespace, origin, number)
);
CREATE INDEX spent_until ON @schema@.spent (until);

-- Tokens, and tickets. It starts at the time, and catch_up() keeps it from falling behind: so it does not repeat what
-- a failover or an old backup has forgotten.
CREATE SEQUENCE @schema@.token;

-- What functions answer: the first line says what became of the step, the others what else there is to tell.
CREATE TYPE @schema@.line AS (
    what text,
    at int8,
    origin int8,
    number int8,
    token int8,
    span int8,
    key bytea,
    owner bytea,
    shared bool
);

CREATE TABLE @schema@.version (version int NOT NULL);
