-- The snapshot document of this database.
SET client_min_messages = warning;
CREATE DATABASE collect_document TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
ALTER DATABASE collect_document SET work_mem = '8MB';
ALTER DATABASE collect_document SET pgdr.origin = '{"label":"x"}';
\c collect_document
SET client_min_messages = warning;
CREATE EXTENSION pgdr;
CREATE VIEW relations AS
    SELECT r.* FROM jsonb_to_recordset(dr._collect(false, false) -> 'relations') AS r(schema text, name text, kind text, persistence text, rows bigint, digest text,
        key jsonb, state text, note text) ORDER BY 1, 2;

-- An empty database: nothing of the extension itself
SELECT string_agg(member, ' ' ORDER BY member COLLATE "C") AS members FROM jsonb_object_keys(dr._collect(false, false)) AS member;
SELECT d -> 'relations' AS relations, d -> 'sequences' AS sequences, d -> 'objects' AS objects, d -> 'digest' AS digest, d ->> 'format' AS format,
       d -> 'version' AS version, d -> 'content' AS content
FROM (SELECT dr._collect(false, false) AS d) AS one;
SELECT d -> 'database' ->> 'name' AS name, d -> 'database' ->> 'encoding' AS encoding, d -> 'database' -> 'settings' AS settings,
       (d -> 'server' ->> 'version_num')::int = current_setting('server_version_num')::int AS version,
       d -> 'server' ->> 'system_identifier' = (SELECT system_identifier::text FROM pg_control_system()) AS system,
       (d ->> 'taken_at')::timestamptz = statement_timestamp() AS at, d ->> 'taken_at' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$' AS utc,
       d ->> 'uuid' ~ '^[0-9a-f-]{36}$' AS uuid, d ->> 'snapshot' = pg_current_snapshot()::text AS snapshot
FROM (SELECT dr._collect(false, false) AS d) AS one;

-- Every kind of relation
CREATE SCHEMA "Ä ""q""";
CREATE TABLE "Ä ""q"""."t.1" (a integer, "b c" text, PRIMARY KEY ("b c", a));
INSERT INTO "Ä ""q"""."t.1" SELECT i, 'x' FROM generate_series(1, 10) AS i;
DELETE FROM "Ä ""q"""."t.1" WHERE a = 3;
CREATE UNLOGGED TABLE fast (a integer);
CREATE TEMP TABLE gone (a integer);
CREATE TABLE parent (a integer);
CREATE TABLE heir () INHERITS (parent);
INSERT INTO parent VALUES (1), (2);
INSERT INTO heir VALUES (3);
CREATE TABLE parts (a integer PRIMARY KEY, b text) PARTITION BY RANGE (a);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (1000) PARTITION BY LIST (a);
CREATE TABLE parts_2a (b text, a integer NOT NULL);
ALTER TABLE parts_2 ATTACH PARTITION parts_2a DEFAULT;
CREATE TABLE no_parts (a integer) PARTITION BY LIST (a);
INSERT INTO parts SELECT i, 'p' FROM generate_series(1, 250) AS i;
CREATE MATERIALIZED VIEW filled AS SELECT * FROM parent;
CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS a WITH NO DATA;
CREATE VIEW seen AS SELECT 1 AS a;
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE far (a integer) SERVER s;
CREATE TABLE mixed (a integer) PARTITION BY LIST (a);
CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES IN (1);
CREATE FOREIGN TABLE mixed_2 PARTITION OF mixed FOR VALUES IN (2) SERVER s;
SELECT * FROM relations;
-- A partitioned table's digest is the sum of its leaves, whatever the order of their columns
CREATE TABLE parts_flat AS SELECT * FROM parts;
SELECT count(DISTINCT r ->> 'digest') AS digests, count(r ->> 'digest') AS relations
FROM jsonb_array_elements(dr._collect(true, false) -> 'relations') AS r WHERE r ->> 'name' IN ('parts', 'parts_flat');
DROP TABLE parts_flat;
SELECT r ->> 'name' AS name, r ->> 'digest' = (dr_table_fingerprint((quote_ident(r ->> 'schema') || '.' || quote_ident(r ->> 'name'))::regclass)).digest AS same,
       r -> 'bucket_bits' AS bits, length(r ->> 'buckets') AS buckets
FROM jsonb_array_elements(dr._collect(true, false) -> 'relations') AS r WHERE r ->> 'state' = 'exact' ORDER BY 1;

-- Sequences
CREATE SEQUENCE unused INCREMENT -2;
CREATE SEQUENCE used CACHE 5;
SELECT nextval('used');
SELECT setval('used', 42, false);
CREATE TABLE counted (id integer GENERATED ALWAYS AS IDENTITY, other bigserial);
INSERT INTO counted DEFAULT VALUES;
SELECT s.* FROM jsonb_to_recordset(dr._collect(false, false) -> 'sequences') AS s(schema text, name text, last_value bigint, is_called boolean, increment bigint);

-- One snapshot for all tables, even in READ COMMITTED, and the caller's own changes in it
CREATE FUNCTION changing() RETURNS boolean LANGUAGE plpgsql VOLATILE AS 'BEGIN DELETE FROM parent WHERE a = 1; RETURN true; END';
SELECT (SELECT r ->> 'rows' FROM jsonb_array_elements(d -> 'relations') AS r WHERE r ->> 'name' = 'parent') AS rows
FROM (SELECT dr._collect(false, false) AS d WHERE changing()) AS one;
SELECT rows FROM relations WHERE name = 'parent';

-- The session's settings neither influence the text nor change
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Asia/Tokyo';
SET search_path = "Ä ""q""", public;
SET quote_all_identifiers = on;
CREATE TABLE texts (at timestamptz DEFAULT '2020-01-01 00:00:00+00', d date CHECK (d > '2000-02-01'), t "t.1");
SELECT o.identity, o.facet, o.definition FROM jsonb_to_recordset(dr._collect(false, true) -> 'objects') AS o(kind text, identity text, facet text, definition text)
WHERE o.kind IN ('column', 'constraint') AND o.identity LIKE '%.texts%';
SELECT current_setting('DateStyle'), current_setting('TimeZone'), current_setting('search_path');
RESET ALL;
DROP TABLE "Ä ""q""".texts;

-- Locks stay until the end of a transaction with one snapshot, and no longer otherwise
BEGIN;
SELECT count(*) > 0 AS collected FROM relations;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'parent'::regclass;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 AS collected FROM relations;
SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'parent'::regclass;
COMMIT;

-- An expression that changes once when it is restored has its later form already
CREATE TABLE normal (v varchar(10) CHECK (v IN ('a', 'b')), w varchar(10) DEFAULT 'x');
CREATE INDEX normal_v ON normal (lower(v)) WHERE v IN ('a', 'b') AND (w > 'a' AND w < 'z');
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'normal'::regclass;
SELECT o.kind, o.identity, o.facet, o.definition FROM jsonb_to_recordset(dr._collect(false, true) -> 'objects') AS o(kind text, identity text, facet text, definition text)
WHERE o.identity LIKE 'public.normal%' AND o.kind IN ('constraint', 'index') AND o.facet = 'definition';

-- Only what was asked for, and only with both arguments
SELECT jsonb_array_length(dr._collect(false, true) -> 'objects') > 0 AS schema, dr._collect(NULL, true) IS NULL AS strict;

-- What cannot be read in full is an error naming it
CREATE ROLE collect_reader;
GRANT USAGE ON SCHEMA dr TO collect_reader;
GRANT EXECUTE ON FUNCTION dr._collect(boolean, boolean) TO collect_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA "Ä ""q""", public TO collect_reader;
REVOKE SELECT ON parent FROM collect_reader;
SET ROLE collect_reader;
SELECT dr._collect(false, false);
RESET ROLE;
GRANT SELECT ON parent TO collect_reader;
SET ROLE collect_reader;
SELECT dr._collect(false, false);
RESET ROLE;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO collect_reader;
ALTER TABLE heir ENABLE ROW LEVEL SECURITY;
SET ROLE collect_reader;
SELECT dr._collect(false, false);
RESET ROLE;
ALTER TABLE heir DISABLE ROW LEVEL SECURITY;
SET ROLE collect_reader;
SELECT jsonb_array_length(dr._collect(true, true) -> 'relations') AS relations;
RESET ROLE;

\c postgres
DROP DATABASE collect_document;
DROP ROLE collect_reader;
