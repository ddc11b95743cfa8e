-- Several processes read a table, and many tables: the same digests as one alone gives.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
SELECT dr._algorithm();

-- Settings
SELECT name, setting, unit, context, vartype, min_val, max_val FROM pg_settings WHERE name LIKE 'pgdr.%' AND name <> 'pgdr.origin' ORDER BY name;
SET pgdr.max_workers = -1;
SET pgdr.cost_limit = 0;

-- However small, everything is divided, as far as there are workers.
SET min_parallel_table_scan_size = 0;
CREATE SCHEMA par;
SET search_path = par, public;
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE keyed (id bigint PRIMARY KEY, v text, n numeric, j jsonb, c colour, p pair, a text[], twice bigint GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO keyed SELECT i, repeat('v' || i, 3), i * 1.10, jsonb_build_object('i', i), CASE WHEN i % 3 = 0 THEN 'red' ELSE 'green' END::colour, ROW(i, 'b')::pair,
  ARRAY['x', i::text] FROM generate_series(1, 5000) AS i;
CREATE TABLE keyless AS SELECT i % 10 AS v FROM generate_series(1, 3000) AS i;
CREATE TABLE toasted (id integer PRIMARY KEY, v text);
ALTER TABLE toasted ALTER v SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT i, repeat(md5(i::text), 200) FROM generate_series(1, 300) AS i;
CREATE TABLE parted (id integer, v text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (1000) TO (3000);
INSERT INTO parted SELECT i, 'row ' || i FROM generate_series(0, 2999) AS i;
CREATE TABLE empty (id integer PRIMARY KEY);
CREATE MATERIALIZED VIEW material AS SELECT * FROM keyless;

CREATE FUNCTION everything() RETURNS text LANGUAGE sql AS $$
  SELECT md5(string_agg(f::text, E'\n' ORDER BY f.*::text)) FROM (
    SELECT dr_table_fingerprint(r)::text || dr_table_count(r) FROM unnest('{keyed,keyless,toasted,parted,parted_1,parted_2,empty,material}'::regclass[]) AS r
    UNION ALL SELECT dr._table_buckets(r)::text FROM unnest('{keyed,keyless,toasted,parted_1,parted_2,empty,material}'::regclass[]) AS r
    -- Autovacuum may change a size meanwhile.
    UNION ALL SELECT jsonb_agg(r - 'size')::text FROM jsonb_array_elements(dr._collect(true, false) -> 'relations') AS r
    UNION ALL SELECT jsonb_agg(r - 'size')::text FROM jsonb_array_elements(dr._collect(false, false) -> 'relations') AS r) AS f
$$;
CREATE FUNCTION compare() RETURNS TABLE (workers integer, equal boolean) LANGUAGE plpgsql AS $$
DECLARE
  alone text;
BEGIN
  PERFORM set_config('pgdr.max_workers', '0', true);
  alone := par.everything();
  FOREACH workers IN ARRAY '{1,2,5}'::integer[] LOOP
    PERFORM set_config('pgdr.max_workers', workers::text, true);
    equal := par.everything() = alone;
    RETURN NEXT;
  END LOOP;
END
$$;
SELECT * FROM compare();
SELECT f.digest = (SELECT dr_fingerprint(k) FROM (SELECT id, v, n, j, c, p, a FROM keyed) AS k) AS aggregate FROM dr_table_fingerprint('keyed') AS f;
VACUUM FREEZE keyed, keyless, toasted, parted_1;
SELECT * FROM compare();
-- No worker to be had
SET max_parallel_workers = 0;
SELECT * FROM compare();
RESET max_parallel_workers;

-- Rows of one's own transaction, of subtransactions, with enum values and tables that nobody else knows yet
BEGIN;
ALTER TYPE colour ADD VALUE 'blue' BEFORE 'red';
INSERT INTO keyed (id, v) SELECT i, 'new' FROM generate_series(6001, 6500) AS i;
UPDATE keyed SET v = 'changed' WHERE id % 7 = 0;
SAVEPOINT a;
DELETE FROM keyed WHERE id % 11 = 0;
CREATE TABLE created AS SELECT * FROM keyless;
SAVEPOINT b;
DELETE FROM keyed;
ROLLBACK TO b;
SELECT rows, rows = (SELECT count(*) FROM keyed) AS right FROM dr_table_fingerprint('keyed');
SELECT * FROM compare();
SELECT (dr_table_fingerprint('created')).digest = (dr_table_fingerprint('keyless')).digest AS created;
ROLLBACK;

-- A cursor sees its rows as they were when it was opened, one's own later changes left out: only command numbers tell
BEGIN;
INSERT INTO keyless SELECT 100 + i FROM generate_series(1, 2000) AS i;
SET LOCAL pgdr.max_workers = 0;
SELECT digest AS before FROM dr_table_fingerprint('keyless') \gset
SET LOCAL pgdr.max_workers = 3;
DECLARE earlier CURSOR FOR SELECT rows, digest = :'before' AS same FROM dr_table_fingerprint('keyless');
UPDATE keyless SET v = v + 1 WHERE v > 1000;
DELETE FROM keyless WHERE v < 5;
FETCH earlier;
SELECT rows, digest = :'before' AS same FROM dr_table_fingerprint('keyless');
ROLLBACK;

-- What a snapshot cannot see as it was is an error, never a smaller number
BEGIN;
DECLARE earlier CURSOR FOR SELECT rows FROM dr_table_fingerprint('keyless');
ALTER TABLE keyless ADD COLUMN w integer;
FETCH earlier;
ROLLBACK;
BEGIN;
DECLARE earlier CURSOR FOR SELECT dr_table_count('keyless');
TRUNCATE keyless;
FETCH earlier;
ROLLBACK;
BEGIN;
DECLARE earlier CURSOR FOR SELECT r ->> 'name' AS name, r ->> 'state' AS state, r ->> 'rows' AS rows, r ->> 'note' AS note
  FROM jsonb_array_elements(dr._collect(true, false) -> 'relations') AS r WHERE r ->> 'schema' = 'par' AND r ->> 'state' <> 'exact';
TRUNCATE keyless, parted_2;
ALTER TABLE toasted RENAME v TO w;
ALTER TABLE empty DROP CONSTRAINT empty_pkey;
FETCH ALL earlier;
ROLLBACK;

-- Where there are no workers: serializable transactions, temporary tables, inside another parallel query
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM compare();
COMMIT;
CREATE TEMP TABLE own AS SELECT * FROM keyless;
SELECT (dr_table_fingerprint('own')).digest = (dr_table_fingerprint('keyless')).digest AS temporary;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET max_parallel_workers_per_gather = 2;
SELECT count(*) > 0 AS found, max(dr_table_count('keyless')) AS rows FROM keyed WHERE id % 1000 = 0;
RESET max_parallel_workers_per_gather;

-- A type whose output function is not marked parallel safe is read by this process alone
CREATE TYPE shout;
CREATE FUNCTION shout_in(cstring) RETURNS shout LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION shout_out(shout) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL UNSAFE AS 'textout';
CREATE TYPE shout (INPUT = shout_in, OUTPUT = shout_out, LIKE = text);
CREATE TABLE shouted (v shout);
CREATE CAST (text AS shout) WITHOUT FUNCTION;
INSERT INTO shouted SELECT ('V' || i)::text::shout FROM generate_series(1, 2000) AS i;
SELECT * FROM compare();

DROP SCHEMA par CASCADE;
RESET ALL;
