-- What a dump does not carry, or carries in another form: enforcement, population, placement, definitions that are hard to make.
SET client_min_messages = error;
DROP DATABASE IF EXISTS regress_pgdr_states;
SELECT current_database() AS regression \gset
CREATE DATABASE regress_pgdr_states TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_pgdr_states
SET client_min_messages = error;
\set SHOW_CONTEXT never
\pset format unaligned
CREATE EXTENSION pgdr;
CREATE TABLE owner (id int PRIMARY KEY, name text, UNIQUE (name) DEFERRABLE);
CREATE TABLE pet (id int PRIMARY KEY, owner int REFERENCES owner);
CREATE TABLE visit (id int, pet int REFERENCES pet, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (0) TO (100);
CREATE TABLE visit_2 PARTITION OF visit FOR VALUES FROM (100) TO (200);
INSERT INTO owner SELECT i, 'o' || i FROM generate_series(1, 5) AS i;
INSERT INTO pet SELECT i, i FROM generate_series(1, 5) AS i;
INSERT INTO visit SELECT i, 1 FROM generate_series(50, 149) AS i;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER audit BEFORE INSERT ON pet FOR EACH ROW EXECUTE FUNCTION f();
CREATE RULE quiet AS ON DELETE TO pet DO ALSO NOTHING;
ALTER TABLE pet ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON pet USING (true);
CREATE MATERIALIZED VIEW filled AS SELECT * FROM pet;
CREATE MATERIALIZED VIEW unfilled AS SELECT * FROM pet WITH NO DATA;
-- Statistics on expressions: since version 14 (a4d75c86bf15).
SELECT current_setting('server_version_num')::int >= 140000 AS has_expressions \gset
\if :has_expressions
CREATE STATISTICS one ON (lower(name)) FROM owner;
CREATE STATISTICS more (ndistinct) ON id, (lower(name)) FROM owner;
\endif
CREATE COLLATION plain FROM "C";
CREATE COLLATION posix FROM "POSIX";
CREATE COLLATION icu (PROVIDER = icu, LOCALE = 'und', DETERMINISTIC = false);
CREATE TABLE taken AS SELECT dr._collect(true, true) AS d;
-- Findings of the state now, against the state then.
CREATE VIEW found AS SELECT status, object_type, object, check_name, expected, actual, detail
FROM taken, dr._compare(d, dr._collect(true, true)) WHERE object NOT LIKE 'public.taken%' AND object <> 'public.found';
CREATE VIEW reversed AS SELECT status, object_type, object, check_name, expected, actual, detail
FROM taken, dr._compare(dr._collect(true, true), d) WHERE object NOT LIKE 'public.taken%' AND object NOT IN ('public.found', 'public.reversed');

SELECT * FROM found WHERE object <> 'public.reversed';
-- Every record has a definition.
SELECT count(*) FILTER (WHERE o ->> 'definition' IS NULL) AS without, count(*) > 50 AS many FROM taken, jsonb_array_elements(d -> 'objects') AS o;
SELECT o ->> 'identity' AS identity, o ->> 'facet' AS facet, o ->> 'definition' AS definition FROM taken, jsonb_array_elements(d -> 'objects') AS o
WHERE o ->> 'kind' = 'collation' AND o ->> 'facet' = 'definition' ORDER BY 1;
SELECT count(*) = :'has_expressions'::boolean::int * 2 AS statistics FROM taken, jsonb_array_elements(d -> 'objects') AS o
WHERE o ->> 'kind' = 'statistics' AND o ->> 'facet' = 'definition' AND o ->> 'definition' IN
  ('STATISTICS (ndistinct) ON id, (lower(name)) FROM public.owner', 'STATISTICS ON (lower(name)) FROM public.owner');

-- Foreign keys: on the referencing table, the referenced one, a partition; only in replica mode. And a deferrable key.
ALTER TABLE pet DISABLE TRIGGER ALL;
SELECT * FROM found WHERE object <> 'public.reversed';
SELECT * FROM reversed;
ALTER TABLE owner DISABLE TRIGGER ALL;
SELECT * FROM found WHERE object_type = 'constraint';
ALTER TABLE owner ENABLE TRIGGER ALL;
ALTER TABLE pet ENABLE TRIGGER ALL;
ALTER TABLE visit_1 DISABLE TRIGGER ALL;
SELECT * FROM found WHERE object <> 'public.reversed';
ALTER TABLE visit_2 DISABLE TRIGGER ALL;
ALTER TABLE pet DISABLE TRIGGER ALL;
SELECT actual FROM found WHERE object = 'public.visit.visit_pet_fkey';
ALTER TABLE pet ENABLE TRIGGER ALL;
ALTER TABLE visit_2 ENABLE TRIGGER ALL;
ALTER TABLE visit_1 ENABLE TRIGGER ALL;
-- Those of a partitioned table itself check no row.
ALTER TABLE ONLY visit DISABLE TRIGGER ALL;
SELECT status, object, check_name, actual FROM found WHERE object_type = 'constraint';
ALTER TABLE ONLY visit ENABLE TRIGGER ALL;
SELECT tgname AS fk FROM pg_trigger WHERE tgrelid = 'pet'::regclass AND tgisinternal AND tgfoid = '"RI_FKey_check_ins"'::regproc \gset
ALTER TABLE pet ENABLE REPLICA TRIGGER :"fk";
SELECT status, object, check_name, actual FROM found WHERE object_type = 'constraint';
ALTER TABLE pet ENABLE TRIGGER :"fk";

-- Triggers, rules, row security.
ALTER TABLE pet ENABLE REPLICA TRIGGER audit, DISABLE RULE quiet, DISABLE ROW LEVEL SECURITY;
SELECT status, object_type, object, check_name, expected, actual FROM found WHERE object <> 'public.reversed';
ALTER TABLE pet ENABLE TRIGGER audit, ENABLE RULE quiet, ENABLE ROW LEVEL SECURITY;

-- Materialized views.
REFRESH MATERIALIZED VIEW filled WITH NO DATA;
REFRESH MATERIALIZED VIEW unfilled;
SELECT * FROM found WHERE object <> 'public.reversed';
REFRESH MATERIALIZED VIEW filled;
REFRESH MATERIALIZED VIEW unfilled WITH NO DATA;

-- A row in the wrong partition: the bounds say so of both, the whole is the same.
ALTER TABLE visit DETACH PARTITION visit_2;
ALTER TABLE visit DETACH PARTITION visit_1;
INSERT INTO visit_2 SELECT * FROM visit_1 WHERE id = 60;
DELETE FROM visit_1 WHERE id = 60;
ALTER TABLE visit_1 ADD CONSTRAINT b CHECK (id >= 0 AND id < 100) NOT VALID;
ALTER TABLE visit_2 ADD CONSTRAINT b CHECK (id >= 100 AND id < 200) NOT VALID;
-- As damage does it: what is not valid is said to be.
UPDATE pg_constraint SET convalidated = true WHERE conname = 'b';
ALTER TABLE visit ATTACH PARTITION visit_1 FOR VALUES FROM (0) TO (100);
ALTER TABLE visit ATTACH PARTITION visit_2 FOR VALUES FROM (100) TO (200);
ALTER TABLE visit_1 DROP CONSTRAINT b;
ALTER TABLE visit_2 DROP CONSTRAINT b;
SELECT status, object_type, object, check_name, expected, actual, detail FROM found WHERE object <> 'public.reversed';

-- Statistics and collations that differ; a document of 0.1.0, which recorded a collation's encoding; a definition that is not known.
\if :has_expressions
DROP STATISTICS one;
CREATE STATISTICS one ON (upper(name)) FROM owner;
\endif
DROP COLLATION icu;
CREATE COLLATION icu (PROVIDER = icu, LOCALE = 'und', DETERMINISTIC = true);
SELECT * FROM found WHERE object_type = 'collation';
SELECT count(*) = :'has_expressions'::boolean::int AS statistics FROM found WHERE object_type = 'statistics' AND
  (status, object, check_name, expected, actual, detail) = ('mismatch', 'public.one', 'definition', 'STATISTICS ON (lower(name)) FROM public.owner',
                                                            'STATISTICS ON (upper(name)) FROM public.owner', 'definition differs');
CREATE FUNCTION with_definition(kind text, identity text, definition text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT d || jsonb_build_object('objects', (SELECT jsonb_agg(CASE WHEN o ->> 'kind' = $1 AND o ->> 'identity' = $2 AND o ->> 'facet' = 'definition'
    THEN o || jsonb_build_object('definition', $3) ELSE o END ORDER BY n) FROM jsonb_array_elements(d -> 'objects') WITH ORDINALITY AS o (o, n))) FROM taken
$$;
SELECT count(*) FROM taken, dr._compare(with_definition('collation', 'public.plain',
  'PROVIDER = c, DETERMINISTIC = true, ENCODING = UTF8, LC_COLLATE = ''C'', LC_CTYPE = ''C'''), d);
SELECT status, object_type, object, check_name, detail FROM taken, dr._compare(with_definition('collation', 'public.plain', NULL), with_definition('collation', 'public.plain', NULL));
SELECT count(*) = :'has_expressions'::boolean::int AS statistics FROM taken, dr._compare(with_definition('statistics', 'public.more', NULL), with_definition('statistics', 'public.more', NULL))
WHERE object_type = 'statistics' AND (status, object, check_name, detail) = ('mismatch', 'public.more', 'definition', 'not proven: the definition could not be read');

-- Sequences that an extension registered for dumping (made a member by hand).
CREATE SEQUENCE counted;
ALTER EXTENSION plpgsql ADD SEQUENCE counted;
UPDATE pg_extension SET extconfig = ARRAY['counted'::regclass::oid], extcondition = ARRAY[''] WHERE extname = 'plpgsql';
SELECT q ->> 'name' AS name, q ->> 'last_value' AS last_value FROM jsonb_array_elements(dr._collect(false, false) -> 'sequences') AS q;
SELECT status, object, detail FROM taken, dr._compare(d || '{"pgdr_version": "0.1.0"}', dr._collect(true, true)) WHERE object_type = 'sequence';
SELECT status, object, detail FROM found WHERE object_type = 'sequence';
UPDATE pg_extension SET extconfig = NULL, extcondition = NULL WHERE extname = 'plpgsql';
ALTER EXTENSION plpgsql DROP SEQUENCE counted;
\c :regression
DROP DATABASE regress_pgdr_states;
