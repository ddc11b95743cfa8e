-- One content, stored in every way that a dump and restore, an upgrade or an ALTER can cause: one digest, by the direct
-- scan and by the aggregate.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA storage;
SET search_path = storage, public;
\set VERBOSITY terse

CREATE FUNCTION agree(VARIADIC relations regclass[]) RETURNS TABLE (digests bigint, ways bigint)
LANGUAGE plpgsql AS $$
DECLARE
  r regclass;
  one text;
  found text[];
BEGIN
  FOREACH r IN ARRAY relations LOOP
    EXECUTE format('SELECT dr_fingerprint(whole_row) FROM ONLY %s AS whole_row', r) INTO one;
    found := found || one || (dr_table_fingerprint(r)).digest || (dr._table_buckets(r)).digest;
  END LOOP;
  RETURN QUERY SELECT count(DISTINCT d), count(*) FROM unnest(found) AS d;
END $$;

-- TOAST: in line, compressed by either method, out of line, out of line and compressed
CREATE TABLE extended (id int PRIMARY KEY, t text, j jsonb, a text[], n numeric);
INSERT INTO extended
SELECT i, repeat(md5(i::text), i), jsonb_build_object('k', repeat(md5(i::text), i), 'n', i / 7.0),
       ARRAY[repeat('x', i * 10), NULL, md5(i::text)], (i || repeat('0', i) || '.' || repeat('12', i))::numeric
FROM generate_series(1, 300) AS i;
CREATE TABLE external (LIKE extended);
ALTER TABLE external ALTER t SET STORAGE external, ALTER j SET STORAGE external, ALTER a SET STORAGE external, ALTER n SET STORAGE external;
INSERT INTO external SELECT id, t || '', (j::text)::jsonb, (a::text)::text[], (n::text)::numeric FROM extended;
CREATE TABLE main (LIKE extended);
ALTER TABLE main ALTER t SET STORAGE main, ALTER j SET STORAGE main, ALTER a SET STORAGE main;
INSERT INTO main SELECT id, t || '', (j::text)::jsonb, (a::text)::text[], (n::text)::numeric FROM extended;
CREATE TABLE lz4 (LIKE extended);
DO $$ BEGIN
  IF current_setting('server_version_num')::int >= 140000 THEN
    EXECUTE 'ALTER TABLE lz4 ALTER t SET COMPRESSION lz4, ALTER j SET COMPRESSION lz4, ALTER a SET COMPRESSION lz4';
  END IF;
END $$;
INSERT INTO lz4 SELECT id, t || '', (j::text)::jsonb, (a::text)::text[], (n::text)::numeric FROM extended ORDER BY id DESC;
SELECT * FROM agree('extended', 'external', 'main', 'lz4');
UPDATE main SET t = overlay(t placing 'X' from 5000) WHERE id = 200;
SELECT * FROM agree('extended', 'main');

-- Physical order of columns, dropped columns, columns added later with a stored default
CREATE TABLE plain (a int, b text, c timestamptz);
INSERT INTO plain VALUES (1, 'x', '2026-01-01 00:00+00'), (2, NULL, '2026-01-01 00:00+00'), (3, 'later', '2026-01-01 00:00+00');
CREATE TABLE altered (gone numeric, b text);
INSERT INTO altered VALUES (1.5, 'x'), (2, NULL), (7, 'later');
ALTER TABLE altered ADD a int, DROP gone;
UPDATE altered SET a = CASE b WHEN 'x' THEN 1 WHEN 'later' THEN 3 ELSE 2 END;
ALTER TABLE altered ADD c timestamptz DEFAULT '2026-01-01 00:00+00';
SELECT * FROM agree('plain', 'altered');
CREATE TABLE defaulted (a int);
INSERT INTO defaulted VALUES (1), (2);
ALTER TABLE defaulted ADD t text DEFAULT 'a default', ADD n numeric DEFAULT 1.50, ADD z int, ADD s int2 DEFAULT 3;
CREATE TABLE written (a int, t text, n numeric, z int, s int2);
INSERT INTO written VALUES (1, 'a default', 1.50, NULL, 3), (2, 'a default', 1.50, NULL, 3);
SELECT * FROM agree('defaulted', 'written');

-- Rows that were deleted, updated, rolled back, not yet frozen, frozen
CREATE TABLE churned (LIKE plain);
INSERT INTO churned SELECT 1, 'x', '2026-01-01 00:00+00' FROM generate_series(1, 500);
DELETE FROM churned;
INSERT INTO churned SELECT * FROM plain;
UPDATE churned SET b = 'wrong';
BEGIN; DELETE FROM churned; ROLLBACK;
UPDATE churned SET b = p.b FROM plain p WHERE p.a = churned.a;
SELECT dr_table_count('churned') AS rows;
SELECT * FROM agree('plain', 'churned');
VACUUM FREEZE churned;
SELECT dr_table_count('churned') AS rows;
SELECT * FROM agree('plain', 'churned');

-- The calling transaction's snapshot
BEGIN;
INSERT INTO churned VALUES (4, 'mine', now());
SELECT dr_table_count('churned') AS mine_included;
SAVEPOINT s; DELETE FROM churned; SELECT dr_table_count('churned') AS none_left; ROLLBACK TO s;
ROLLBACK;
SELECT dr_table_count('churned') AS rolled_back;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT dr_table_count('churned') AS rows;
SELECT * FROM agree('plain', 'churned');
COMMIT;

-- A table with as many columns as its rows have none
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
INSERT INTO no_columns DEFAULT VALUES;
SELECT * FROM dr_table_fingerprint('no_columns');
SELECT * FROM agree('no_columns');

-- An empty one
CREATE TABLE nothing (a int PRIMARY KEY);
SELECT * FROM dr_table_fingerprint('nothing');
SELECT * FROM agree('nothing');

-- Stored generated columns have a digest of their own
CREATE TABLE generated (a int PRIMARY KEY, twice int GENERATED ALWAYS AS (a * 2) STORED, b text);
INSERT INTO generated (a, b) VALUES (1, 'x'), (2, 'y');
CREATE TABLE ungenerated (a int PRIMARY KEY, b text);
INSERT INTO ungenerated SELECT a, b FROM generated;
SELECT * FROM agree('generated', 'ungenerated');
SELECT generated = (SELECT dr_fingerprint(t) FROM (SELECT twice FROM generated) AS t) AS generated_apart
FROM dr._table_buckets('generated');
SELECT generated FROM dr._table_buckets('ungenerated');

-- Partitions may order their columns differently; the root is the sum of its leaves; inheritance parents count alone
CREATE TABLE root (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE leaf1 PARTITION OF root FOR VALUES FROM (0) TO (10);
CREATE TABLE leaf2 (b text, junk int, a int);
ALTER TABLE leaf2 DROP junk;
ALTER TABLE root ATTACH PARTITION leaf2 FOR VALUES FROM (10) TO (20);
CREATE TABLE leaf3 PARTITION OF root FOR VALUES FROM (20) TO (30) PARTITION BY LIST (b);
CREATE TABLE leaf3x PARTITION OF leaf3 DEFAULT;
INSERT INTO root SELECT i, 'row ' || i FROM generate_series(0, 29) i;
CREATE TABLE whole AS SELECT * FROM root;
SELECT (dr_table_fingerprint('root')).digest = (dr_table_fingerprint('whole')).digest AS root_is_sum,
       (SELECT dr_fingerprint(t) FROM root AS t) = (dr_table_fingerprint('whole')).digest AS aggregate_too,
       (SELECT dr._digest_sum((dr_table_fingerprint(l::regclass)).digest) FROM unnest('{leaf1,leaf2,leaf3x}'::text[]) AS l)
         = (dr_table_fingerprint('whole')).digest AS leaves_add_up,
       dr_table_count('root') AS rows;
CREATE TABLE parent (a int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2), (3);
SELECT dr_table_count('parent') AS parent, dr_table_count('child') AS child;

-- Materialized views, temporary and unlogged tables
CREATE MATERIALIZED VIEW viewed AS SELECT * FROM plain;
CREATE TEMP TABLE temporary AS SELECT * FROM plain;
CREATE UNLOGGED TABLE unlogged AS SELECT * FROM plain;
SELECT * FROM agree('plain', 'viewed', 'temporary', 'unlogged');

-- Nested values whose parts were compressed or out of line
CREATE TYPE boxed AS (t text, n numeric[]);
CREATE TABLE nested (id int, b boxed, l boxed[]);
INSERT INTO nested SELECT i, ROW(repeat('abc', i * 1000), '{1.5,NULL}')::boxed, ARRAY[ROW(repeat('z', i * 2000), NULL)::boxed, NULL] FROM generate_series(1, 5) i;
CREATE TABLE nested_again (LIKE nested);
ALTER TABLE nested_again ALTER b SET STORAGE external, ALTER l SET STORAGE external;
INSERT INTO nested_again SELECT id, b::text::boxed, l::text::boxed[] FROM nested;
SELECT * FROM agree('nested', 'nested_again');

-- Values that are streamed into the hash instead of being collected
CREATE TABLE large (id int PRIMARY KEY, t text, j jsonb, a text[], b bytea);
INSERT INTO large VALUES (1, repeat('0123456789', 300000), jsonb_build_array(repeat('y', 2000000), 1.5, repeat('z', 1000)),
                          ARRAY[repeat('a', 1500000), NULL, 'b'], decode(repeat('00ff', 700000), 'hex'));
CREATE TABLE large_external (LIKE large);
ALTER TABLE large_external ALTER t SET STORAGE external, ALTER j SET STORAGE external, ALTER a SET STORAGE external, ALTER b SET STORAGE external;
INSERT INTO large_external SELECT id, t || '', j::text::jsonb, a::text::text[], b || '' FROM large;
SELECT * FROM agree('large', 'large_external');

-- Types that go through their output function, whatever the settings
CREATE TABLE others (id int, p point, x xml, r regclass, q tsquery, path jsonpath);
INSERT INTO others VALUES (1, '(0.1,0.30000000000000004)', '<a>b</a>', 'storage.plain', 'a & b', '$.x');
SELECT digest AS usual FROM dr_table_fingerprint('others') \gset
SET extra_float_digits = -5; SET search_path = pg_catalog;
SELECT digest = :'usual' AS pinned FROM public.dr_table_fingerprint('storage.others');
SELECT current_setting('extra_float_digits') AS digits, current_setting('search_path') AS search_path;
RESET extra_float_digits; SET search_path = storage, public;
-- An error half-way leaves no setting behind
DO $$ BEGIN PERFORM dr_fingerprint(t) FROM (SELECT '(1,2)'::point, 1 / (2 - i) FROM generate_series(1, 2) i) AS t; EXCEPTION WHEN division_by_zero THEN RAISE INFO 'caught'; END $$;
SELECT current_setting('timezone') = 'UTC' AS utc_left_behind, current_setting('search_path') AS search_path;

-- Whatever PostgreSQL keeps in its own catalogs can be encoded (node trees, access lists, any arrays ...)
SELECT bool_and(a.digests = 1) AS agree, count(*) > 50 AS many
FROM pg_class AS c, agree(c.oid::regclass) AS a
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
  AND c.relname <> 'pg_class';  -- vacuum updates that one in place

-- A configuration table's dump condition selects rows
CREATE TABLE configured (id int PRIMARY KEY, builtin bool, note text);
INSERT INTO configured SELECT i, i % 3 = 0, repeat('n', i * 10) FROM generate_series(1, 2000) AS i;
SELECT rows, digest = (SELECT dr_fingerprint(c) FROM configured AS c WHERE NOT builtin) AS conditioned
FROM dr._table_buckets('configured', 'WHERE NOT builtin');
SELECT dr._table_buckets('configured', 'WHERE nonsense');
SELECT current_setting('search_path') AS search_path;

DROP SCHEMA storage CASCADE;
