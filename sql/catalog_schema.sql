-- The catalog's own order: comments, rights, fixed search paths, and rows that cannot be nonsense.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

-- Every table, column and function has a comment (but the parts of an aggregate).
SELECT count(*) AS uncommented
FROM pg_class AS c
WHERE c.relnamespace = 'dr'::regnamespace AND c.relkind IN ('r', 'c') AND c.relname <> 'finding'
  AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT a.attrelid::regclass, a.attname AS uncommented
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'dr'::regnamespace AND c.relkind IN ('r', 'c') AND a.attnum > 0 AND NOT a.attisdropped
  AND col_description(a.attrelid, a.attnum) IS NULL;
SELECT p.oid::regprocedure AS uncommented
FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgdr')
  AND NOT (p.pronamespace = 'dr'::regnamespace AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'c'))
  AND obj_description(p.oid, 'pg_proc') IS NULL;

-- Every SQL and PL/pgSQL function has a fixed search_path; only what checks rights itself is PUBLIC's.
SELECT p.oid::regprocedure AS careless
FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid JOIN pg_language AS l ON l.oid = p.prolang
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgdr')
  AND ((has_function_privilege('public', p.oid, 'EXECUTE')
        AND p.proname NOT IN ('dr_table_fingerprint', 'dr_table_count', 'dr_fingerprint'))
       OR (l.lanname <> 'c' AND p.prokind = 'f'
           -- An entry point is one qualified call.
           AND p.prosrc !~ '^SELECT (\* FROM )?dr\.\w+\([$0-9, ]*\)$'
           AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)));
-- Functions run as their caller but these, which record or guard: none in C, none with dynamic SQL, none outside schema dr.
SELECT p.oid::regprocedure AS records,
       CASE WHEN l.lanname = 'c' OR p.prosrc ~* '\mEXECUTE\M' OR p.pronamespace <> 'dr'::regnamespace THEN 'no' ELSE 'yes' END AS harmless
FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid JOIN pg_language AS l ON l.oid = p.prolang
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pgdr') AND p.prosecdef
ORDER BY p.proname;
SELECT has_schema_privilege('public', 'dr', 'USAGE') AS public_may;
SELECT c.oid::regclass AS public_may
FROM pg_class AS c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a
WHERE c.relnamespace = 'dr'::regnamespace AND a.grantee = 0;

-- All tables but one travel with a dump, and so do their sequences.
SELECT c.oid::regclass AS stays
FROM pg_class AS c
WHERE c.relnamespace = 'dr'::regnamespace AND c.relkind IN ('r', 'S')
  AND c.oid <> ALL ((SELECT extconfig FROM pg_extension WHERE extname = 'pgdr')::oid[]);

-- Foreign keys have an index to look them up by.
SELECT k.conrelid::regclass AS slow, k.conname
FROM pg_constraint AS k
WHERE k.contype = 'f' AND k.connamespace = 'dr'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1]);

-- Nonsense is refused by the tables themselves.
\set VERBOSITY terse
INSERT INTO dr.backups (label, set_name, kind, state, started_at) VALUES ('yesterday', 's', 'full', 'running', now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at) VALUES ('20261321T020000Z-9f3c', 's', 'full', 'running', now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at) VALUES ('20261121T020000Z-9f3c', '', 'full', 'running', now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at) VALUES ('20261121T020000Z-9f3c', 's', 'half', 'running', now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at, finished_at) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'good', now(), now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at, finished_at) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'running', now(), now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'complete', now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at, finished_at, manifest) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'complete', now(), now(), '{}');
INSERT INTO dr.backups (label, set_name, kind, state, started_at, finished_at, recovery_point) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'partial', now(), now(), now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at, finished_at) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'failed', now(), now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at, finished_at, recovery_point, manifest, error) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'complete', now(), now(), now(), '{}', 'but');
INSERT INTO dr.backups (label, set_name, kind, state, started_at, finished_at, recovery_point, error) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'failed', now(), now(), now(), 'broken');
INSERT INTO dr.backups (label, set_name, kind, state, started_at, finished_at, error) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'failed', now(), now() - interval '1 second', 'broken');
INSERT INTO dr.backups (label, set_name, kind, state, started_at, stored_bytes) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'running', now(), -1);
-- This one is sound; a second running one of its set is not.
INSERT INTO dr.backups (label, set_name, kind, state, started_at) VALUES ('20261121T020000Z-9f3c', 's', 'full', 'running', now());
INSERT INTO dr.backups (label, set_name, kind, state, started_at) VALUES ('20261121T020001Z-9f3c', 's', 'full', 'running', now());
INSERT INTO dr.copies (backup, repository, location, state, error) SELECT id, 'r', 'l', 'complete', 'lost' FROM dr.backups;
INSERT INTO dr.copies (backup, repository, location, state, manifest_sha256) SELECT id, 'r', 'l', 'complete', 'ABC' FROM dr.backups;
INSERT INTO dr.copies (backup, repository, location, state) SELECT id, 'r', 'l', 'fine' FROM dr.backups;
INSERT INTO dr.restores (backup, target, state, started_at) SELECT id, 't', 'complete', now() FROM dr.backups;
INSERT INTO dr.restores (backup, target, state, started_at, finished_at) SELECT id, 't', 'failed', now(), now() FROM dr.backups;
INSERT INTO dr.restores (backup, target, state, started_at, finished_at, error) SELECT id, 't', 'complete', now(), now(), 'but' FROM dr.backups;
INSERT INTO dr.verifications (target, baseline, started_at, finished_at, passed, problems, warnings, infos, verdict)
VALUES ('t', 'live', now(), now(), true, 1, 0, 0, 'fine');
INSERT INTO dr.verifications (target, baseline, started_at, finished_at, passed, problems, warnings, infos, verdict)
VALUES ('t', 'backup', now(), now(), true, 0, 0, 0, 'fine');
INSERT INTO dr.events (severity, kind, message) VALUES ('fatal', 'x', 'y');
INSERT INTO dr.snapshots (uuid, database, content, taken_at, header) VALUES ('00000000-0000-0000-0000-000000000001', 'd', false, now(), '{}');
-- What was proven about a backup keeps it.
INSERT INTO dr.restores (backup, target, state, started_at) SELECT id, 't', 'running', now() FROM dr.backups;
DO $$
BEGIN
  DELETE FROM dr.backups;
EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN -- the latter from version 18 on
  RAISE WARNING 'what was restored stays';
END $$;
-- Everything is in the schema that was asked for, or in dr.
CREATE SCHEMA regress_pgdr_home;
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr SCHEMA regress_pgdr_home;
SELECT p.pronamespace::regnamespace AS schema, count(*) > 10 AS functions
FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'pgdr'
GROUP BY 1 ORDER BY 1;
DROP EXTENSION pgdr CASCADE;
DROP SCHEMA regress_pgdr_home;
