-- dr_differences: the rows that differ between this database and another one, named.
\set SHOW_CONTEXT never
SET client_min_messages = error;
DROP DATABASE IF EXISTS regress_pgdr_source;
DROP DATABASE IF EXISTS regress_pgdr_copy;
SELECT current_database() AS regression \gset
CREATE DATABASE regress_pgdr_source TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_pgdr_source
\pset format unaligned
\pset null -
CREATE EXTENSION pgdr;
CREATE SCHEMA shop;
CREATE TABLE shop.item (id int PRIMARY KEY, name text, price numeric, note text, made timestamptz);
INSERT INTO shop.item SELECT i, 'item ' || i, i * 1.10, repeat('0123456789', 50) || i, '2026-11-21 02:00:00+00' FROM generate_series(1, 3000) AS i;
CREATE TABLE shop.nokey (a int, b text);
INSERT INTO shop.nokey SELECT i % 5, CASE WHEN i % 2 = 0 THEN 'even' END FROM generate_series(1, 50) AS i;
CREATE TABLE shop.pair (b text, a int, v text, PRIMARY KEY (b, a));
INSERT INTO shop.pair SELECT chr(96 + i % 3), i, 'v' FROM generate_series(1, 30) AS i;
CREATE TABLE shop.uniq (code text NOT NULL, maybe int UNIQUE, v float8);
CREATE UNIQUE INDEX uniq_code ON shop.uniq (code);
CREATE UNIQUE INDEX uniq_part ON shop.uniq (v) WHERE v > 0;
INSERT INTO shop.uniq VALUES ('a', 1, 0), ('b', NULL, 1e300), ('c', 3, 'NaN');
CREATE TABLE shop."Odd ""name""" ("Key col" int PRIMARY KEY, "ünïcode" text);
INSERT INTO shop."Odd ""name""" VALUES (1, 'ä'), (2, repeat('äöü', 60));
CREATE TABLE shop.part (id int, day date, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE shop.part_2 (v text, day date NOT NULL, dropped int, id int NOT NULL);
ALTER TABLE shop.part_2 DROP COLUMN dropped;
ALTER TABLE shop.part ATTACH PARTITION shop.part_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO shop.part SELECT i, date '2026-01-01' + i, 'v' || i FROM generate_series(0, 50) AS i;
CREATE TABLE shop.calc (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED);
INSERT INTO shop.calc VALUES (1, 1), (2, 2);
CREATE TABLE shop.columns (id int PRIMARY KEY, gone int, kept text, wider int);
INSERT INTO shop.columns VALUES (1, 1, 'a', 1), (2, 2, 'b', 2);
CREATE TABLE shop.keytype (id int PRIMARY KEY, v text);
INSERT INTO shop.keytype VALUES (1, 'a'), (2, 'b');
CREATE TABLE shop.zero ();
INSERT INTO shop.zero DEFAULT VALUES;
CREATE TABLE shop.same (id int PRIMARY KEY);
INSERT INTO shop.same SELECT generate_series(1, 100);
CREATE TYPE shop.mood AS ENUM ('sad', 'happy');
CREATE TABLE shop.words (a text, b text);
CREATE TABLE shop.types (id int PRIMARY KEY, j jsonb, a int[], m shop.mood, r int4range, c shop.nokey, b bytea, i interval);
INSERT INTO shop.types VALUES (1, '{"a": 1}', '{1,2}', 'sad', '[1,5)', '(1,x)', '\x00ff', '1 day'), (2, 'null', '[0:1]={1,2}', 'happy', 'empty', '(,)', '', '24:00');
CREATE TABLE shop.minus (v float8);
INSERT INTO shop.minus VALUES (0), ('NaN');
CREATE VIEW shop.look AS SELECT * FROM shop.item;
CREATE MATERIALIZED VIEW shop.seen AS SELECT id FROM shop.item WHERE id < 4;
CREATE DATABASE regress_pgdr_copy TEMPLATE regress_pgdr_source;

\c regress_pgdr_copy
-- The copy needs no extension.
DROP EXTENSION pgdr;
DELETE FROM shop.item WHERE id IN (42, 2999);
INSERT INTO shop.item VALUES (4000, 'new', 1, NULL, NULL), (-1, NULL, NULL, NULL, NULL);
UPDATE shop.item SET price = 3.3, name = 'item three' WHERE id = 3;
UPDATE shop.item SET note = NULL WHERE id = 10;
UPDATE shop.item SET name = '' WHERE id = 11;
UPDATE shop.item SET note = overlay(note PLACING 'X' FROM 300) WHERE id = 77;
UPDATE shop.item SET note = note || '!' WHERE id = 78;
UPDATE shop.item SET made = made + interval '1 microsecond' WHERE id = 100;
INSERT INTO shop.nokey VALUES (3, NULL), (99, 'z');
DELETE FROM shop.nokey WHERE a = 1 AND b IS NULL;
INSERT INTO shop.words VALUES (NULL, 'NULL'), ('NULL', NULL), ('1, b=2', ''), ('it''s', '''quoted''');
DELETE FROM shop.pair WHERE a = 5;
UPDATE shop.pair SET v = 'w' WHERE a = 10;
UPDATE shop.pair SET a = 300 WHERE a = 3;
UPDATE shop.uniq SET v = '-0' WHERE code = 'a';
UPDATE shop.uniq SET maybe = NULL WHERE code = 'c';
UPDATE shop."Odd ""name""" SET "ünïcode" = 'a' WHERE "Key col" = 1;
UPDATE shop."Odd ""name""" SET "ünïcode" = overlay("ünïcode" PLACING 'ë' FROM 151) WHERE "Key col" = 2;
DELETE FROM shop.part WHERE id = 7;
UPDATE shop.part SET v = 'other' WHERE id = 40;
UPDATE shop.part SET day = date '2026-01-31' WHERE id = 31;
UPDATE shop.calc SET n = 3 WHERE id = 2;
ALTER TABLE shop.columns DROP COLUMN gone;
ALTER TABLE shop.columns ADD COLUMN more date;
ALTER TABLE shop.columns ALTER COLUMN wider TYPE bigint;
UPDATE shop.columns SET kept = 'c' WHERE id = 2;
ALTER TABLE shop.keytype ALTER COLUMN id TYPE bigint;
UPDATE shop.keytype SET v = 'c' WHERE id = 2;
INSERT INTO shop.zero DEFAULT VALUES;
UPDATE shop.types SET j = '{"a": 1.0}', a = '[0:1]={1,2}', m = 'happy', r = '[1,6)', c = '(1,y)', b = '\x00fe', i = '24:00' WHERE id = 1;
UPDATE shop.minus SET v = '-0' WHERE v = 0;
-- What the copy's settings and objects cannot change: the form of values, and what runs.
CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'trap' $$;
ALTER DATABASE regress_pgdr_copy SET search_path = public, pg_catalog;
ALTER DATABASE regress_pgdr_copy SET datestyle = 'German';
ALTER DATABASE regress_pgdr_copy SET timezone = 'Asia/Tokyo';
ALTER DATABASE regress_pgdr_copy SET bytea_output = 'escape';

\c regress_pgdr_source
\set SHOW_CONTEXT never
SET timezone = 'America/New_York';
-- Missing, extra, changed; several columns of one row; long values around the first difference; NULL and the empty string.
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.item');
-- The first ones by key; how many there are in all.
SELECT side, key, column_name FROM dr_differences('regress_pgdr_copy', 'shop.item', 3);
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.item', 0);
-- Without a key rows are counted.
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.nokey') AS d ORDER BY d::text COLLATE "C";
-- A text that reads NULL is not none.
SELECT side, actual FROM dr_differences('regress_pgdr_copy', 'shop.words') AS d ORDER BY d::text COLLATE "C";
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.zero');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.minus');
-- A key of two columns, in its own order.
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.pair');
-- A unique index over NOT NULL columns stands in for the primary key.
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.uniq');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop."Odd ""name"""');
-- Partitions, one with another order of columns; a row that has moved to another one.
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.part');
SELECT side, key FROM dr_differences('regress_pgdr_copy', 'shop.part_1');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.calc');
-- Columns that only one side has, or of another type, are named once.
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.columns');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.keytype') AS d ORDER BY d::text COLLATE "C";
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.types');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.same');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.seen');
-- By search_path; in the caller's transaction, uncommitted rows included.
SET search_path = shop, public;
BEGIN;
UPDATE same SET id = 1000 WHERE id = 50;
SELECT * FROM dr_differences('regress_pgdr_copy', 'same');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT side, key FROM dr_differences('regress_pgdr_copy', 'pair', 1);
COMMIT;
RESET search_path;
-- Everything differs: more rows than are put in order, and more than memory is given for.
CREATE TABLE shop.many AS SELECT i AS id, 'row ' || i AS v FROM generate_series(1, 120000) AS i;
ALTER TABLE shop.many ADD PRIMARY KEY (id);
\c regress_pgdr_copy
CREATE TABLE shop.many (id int PRIMARY KEY, v text);
\c regress_pgdr_source
\set SHOW_CONTEXT never
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.many', 2);
SET maintenance_work_mem = '1MB';
SELECT side, key, regexp_replace(detail, '\d+ key buckets(.*) \d+', 'N key buckets\1 N') AS detail FROM dr_differences('regress_pgdr_copy', 'shop.many', 1);
SELECT side, count(*) FROM dr_differences('regress_pgdr_copy', 'shop.many', 30) GROUP BY side ORDER BY side;
-- Too many rows to note each one's bucket: everything is read twice.
\c regress_pgdr_copy
INSERT INTO shop.many SELECT i, CASE i WHEN 270000 THEN 'changed' ELSE 'row ' || i END FROM generate_series(1, 300000) AS i WHERE i <> 7;
\c regress_pgdr_source
\set SHOW_CONTEXT never
INSERT INTO shop.many SELECT i, 'row ' || i FROM generate_series(120001, 300000) AS i;
SET maintenance_work_mem = '1MB';
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.many');
RESET maintenance_work_mem;
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.many');

-- Errors.
CREATE FUNCTION pg_temp.attempt(target text, relation text, max_rows int DEFAULT 20) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM dr_differences(target, relation, max_rows);
  RETURN QUERY SELECT '00000', 'compared', NULL, NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN NEXT;
END $$;
SELECT * FROM pg_temp.attempt('regress_pgdr_nowhere', 'shop.item');
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'shop.nothing');
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'item');
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'a.b.c.d');
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', '');
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'shop.look');
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'shop.item_pkey');
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'shop.item', -1);
SELECT * FROM pg_temp.attempt(NULL, 'shop.item');
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', NULL);
CREATE TABLE shop.only_here (id int);
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'shop.only_here');
CREATE SCHEMA elsewhere CREATE TABLE t (id int);
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'elsewhere.t');
-- Rights and row security, on both sides.
CREATE ROLE regress_pgdr_reader LOGIN;
SELECT dr_grant('regress_pgdr_reader', 'backup');
GRANT USAGE ON SCHEMA shop TO regress_pgdr_reader;
SET ROLE regress_pgdr_reader;
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'shop.same');
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO regress_pgdr_reader;
SET ROLE regress_pgdr_reader;
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'shop.same');
RESET ROLE;
\c regress_pgdr_copy
GRANT USAGE ON SCHEMA shop TO regress_pgdr_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO regress_pgdr_reader;
ALTER TABLE shop.pair ENABLE ROW LEVEL SECURITY;
\c regress_pgdr_source
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.attempt(target text, relation text, max_rows int DEFAULT 20) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM dr_differences(target, relation, max_rows);
  RETURN QUERY SELECT '00000', 'compared', NULL, NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN NEXT;
END $$;
SET ROLE regress_pgdr_reader;
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'shop.same');
SELECT * FROM pg_temp.attempt('regress_pgdr_copy', 'shop.pair');
RESET ROLE;
-- Another encoding is another content.
CREATE DATABASE regress_pgdr_latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';
SELECT * FROM pg_temp.attempt('regress_pgdr_latin', 'shop.item');
DROP DATABASE regress_pgdr_latin;
-- A cancelled comparison leaves no worker behind.
SET statement_timeout = '1ms';
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.many');
RESET statement_timeout;
DROP DATABASE regress_pgdr_copy;
\c :regression
DROP DATABASE regress_pgdr_source;
DROP ROLE regress_pgdr_reader;
