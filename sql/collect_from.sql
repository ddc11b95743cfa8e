-- The snapshot document of another database, read by a background worker.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE DATABASE collect_target TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\set here :DBNAME
\c collect_target
SET client_min_messages = warning;
CREATE TABLE t (id integer PRIMARY KEY, v varchar(5) DEFAULT 'ä' CHECK (v IN ('ä', 'b')));
INSERT INTO t SELECT i, 'b' FROM generate_series(1, 1000) AS i;
CREATE SEQUENCE s;
CREATE VIEW w AS SELECT * FROM t WHERE v IN ('b');

-- The same as the database says of itself, without the extension there
CREATE EXTENSION pgdr;
SELECT dr._collect_from('collect_target', true, true) - '{uuid,taken_at,lsn,snapshot}'::text[] = dr._collect(true, true) - '{uuid,taken_at,lsn,snapshot}'::text[] AS same;
DROP EXTENSION pgdr;
\c :here
SELECT d -> 'database' ->> 'name' AS name, jsonb_array_length(d -> 'relations') AS relations, jsonb_array_length(d -> 'sequences') AS sequences,
       jsonb_array_length(d -> 'objects') AS objects, d -> 'relations' -> 0 ->> 'rows' AS rows, d -> 'relations' -> 0 ->> 'digest' AS digest
FROM (SELECT dr._collect_from('collect_target', true, false) AS d) AS one;
SELECT o.kind, o.identity, o.facet, o.class, o.definition
FROM jsonb_to_recordset(dr._collect_from('collect_target', false, true) -> 'objects') AS o(kind text, identity text, facet text, class text, definition text)
WHERE o.identity LIKE 'public.%' AND o.facet NOT IN ('owner', 'acl');
-- The worker is gone when the function returns
SELECT count(*) FROM pg_stat_activity WHERE datname = 'collect_target';
SELECT count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = 'collect_target');

-- Another encoding
CREATE DATABASE collect_latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';
\c collect_latin
SET client_encoding = 'UTF8';
CREATE TABLE "größe" (a integer);
COMMENT ON TABLE "größe" IS 'Größe';
\c :here
SELECT d -> 'relations' -> 0 ->> 'name' = U&'gr\00F6\00DFe' AS name FROM (SELECT dr._collect_from('collect_latin', false, true) AS d) AS one;

-- Settings of the target do not matter
ALTER DATABASE collect_target SET search_path = public;
ALTER DATABASE collect_target SET DateStyle = 'SQL, DMY';
ALTER DATABASE collect_target SET statement_timeout = 1;
ALTER DATABASE collect_target SET default_transaction_isolation = 'serializable';
ALTER DATABASE collect_target SET quote_all_identifiers = on;
SELECT o.definition FROM jsonb_to_recordset(dr._collect_from('collect_target', false, true) -> 'objects') AS o(identity text, facet text, definition text)
WHERE o.identity = 'public.w' AND o.facet = 'definition';
ALTER DATABASE collect_target RESET ALL;

-- Nothing of the target's runs: operators and functions in the way of the catalog's are not found
\c collect_target
SET client_min_messages = warning;
CREATE FUNCTION public.trap(name, name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE OPERATOR public.= (FUNCTION = public.trap, LEFTARG = name, RIGHTARG = name);
CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION public.check_trap(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'trapped'; RETURN true; END $$;
CREATE DOMAIN public.trapping AS text CHECK (public.check_trap(VALUE));
CREATE TYPE public.trapping_row AS (a trapping);
CREATE DOMAIN public.trapping_list AS trapping[];
SET client_min_messages = error;
CREATE TABLE literals (a trapping[] DEFAULT '{x}', b trapping_row DEFAULT '(x)', c trapping DEFAULT 'x', d trapping_list DEFAULT '{y}');
CREATE VIEW literal AS SELECT '{x}'::trapping[] AS a, b FROM literals WHERE a <> '{z}'::trapping[];
SELECT current_setting('server_version_num')::int >= 140000 AS has_bodies \gset
\if :has_bodies
CREATE FUNCTION literal_body() RETURNS trapping[] LANGUAGE sql RETURN '{x}'::trapping[];
\endif
CREATE RULE literal_rule AS ON DELETE TO literals WHERE old.a = '{q}'::trapping[] DO ALSO INSERT INTO literals (a) VALUES ('{r}'::trapping[]);
RESET client_min_messages;
CREATE TABLE trapped (v varchar(3) CHECK (public.lower(v) = 'a'), w text DEFAULT public.lower('x'::varchar));
\c :here
-- Before version 16 every column is qualified.
SELECT o.identity, regexp_replace(o.definition, '\mliterals\.', '', 'g') AS definition
FROM jsonb_to_recordset(dr._collect_from('collect_target', false, true) -> 'objects') AS o(identity text, facet text, definition text)
WHERE o.identity LIKE 'public.literal%' AND o.facet = 'definition' AND o.identity <> 'public.literal_body()';
SELECT count(*) = :'has_bodies'::boolean::int AS body
FROM jsonb_to_recordset(dr._collect_from('collect_target', false, true) -> 'objects') AS o(identity text, facet text, definition text)
WHERE o.identity = 'public.literal_body()' AND o.definition LIKE '%RETURN ''{x}''::public.trapping[]';
SELECT count(*) > 30 AS collected FROM jsonb_array_elements(dr._collect_from('collect_target', true, true) -> 'objects');

-- Errors, with their SQLSTATE
\set VERBOSITY verbose
\set SHOW_CONTEXT never
CREATE FUNCTION attempt(target text) RETURNS TABLE (state text, message text, detail text, hint text, context text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM dr._collect_from(target, false, false);
  RETURN QUERY SELECT '00000', 'collected', NULL, NULL, NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
  context := substring(context FROM 'pgdr background worker[^\n]*');
  RETURN NEXT;
END $$;
SELECT * FROM attempt('no_such_database');
ALTER DATABASE collect_latin ALLOW_CONNECTIONS false;
SELECT * FROM attempt('collect_latin');
ALTER DATABASE collect_latin ALLOW_CONNECTIONS true;
CREATE ROLE collect_reader LOGIN;
CREATE ROLE collect_group;
REVOKE CONNECT ON DATABASE collect_latin FROM PUBLIC;
GRANT USAGE ON SCHEMA dr TO collect_reader, collect_group;
GRANT EXECUTE ON FUNCTION dr._collect_from(text, boolean, boolean) TO collect_reader, collect_group;
SET ROLE collect_reader;
SELECT * FROM attempt('collect_latin');
SELECT * FROM attempt('collect_target');
SET ROLE collect_group;
SELECT * FROM attempt('collect_target');
RESET ROLE;
\c collect_target
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO collect_reader;
\c :here
\set VERBOSITY default
SET ROLE collect_reader;
SELECT * FROM attempt('collect_target');
RESET ROLE;
-- A setting that makes the worker somebody else
ALTER DATABASE collect_target SET role = 'collect_group';
SELECT * FROM attempt('collect_target');
ALTER DATABASE collect_target RESET role;
-- After an error in the worker this session goes on, and the next worker too
SELECT * FROM attempt('collect_target');
SET statement_timeout = '1ms';
SELECT dr._collect_from('collect_target', true, true);
RESET statement_timeout;
SELECT dr._collect_from(NULL, true, true) IS NULL AS strict;

DROP FUNCTION attempt(text);
DROP DATABASE collect_target;
DROP DATABASE collect_latin;
REVOKE ALL ON SCHEMA dr FROM collect_reader, collect_group;
REVOKE ALL ON FUNCTION dr._collect_from(text, boolean, boolean) FROM collect_reader, collect_group;
DROP ROLE collect_reader;
DROP ROLE collect_group;
