-- dr_grant: each role may do its task and no more.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

SET client_min_messages = error;
DROP ROLE IF EXISTS regress_pgdr_backup, regress_pgdr_monitor, regress_pgdr_restore, regress_pgdr_nobody;
RESET client_min_messages;
CREATE ROLE regress_pgdr_backup;
CREATE ROLE regress_pgdr_monitor;
CREATE ROLE regress_pgdr_restore;
CREATE ROLE regress_pgdr_nobody;
SELECT count(*) AS read_all_data FROM pg_roles WHERE rolname = 'pg_read_all_data' \gset
\if :read_all_data
GRANT pg_read_all_data TO regress_pgdr_backup; -- from version 14 on
\endif
SELECT dr_grant('regress_pgdr_backup', 'admin');
\echo :SQLSTATE
SELECT dr_grant(NULL, 'backup');
-- All rights in this database that are not the owner's, before and after.
CREATE TEMP VIEW rights AS
  SELECT 'schema ' || n.nspname AS object, a.grantee, a.privilege_type FROM pg_namespace AS n CROSS JOIN aclexplode(n.nspacl) AS a
  WHERE a.grantee <> n.nspowner
  UNION ALL
  SELECT 'relation ' || c.oid::regclass, a.grantee, a.privilege_type FROM pg_class AS c CROSS JOIN aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a
  WHERE a.grantee <> c.relowner
  UNION ALL
  SELECT 'routine ' || p.oid::regprocedure, a.grantee, a.privilege_type FROM pg_proc AS p CROSS JOIN aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
  WHERE a.grantee <> p.proowner;
CREATE TEMP TABLE before AS SELECT * FROM rights;
SELECT dr_grant('regress_pgdr_backup', 'backup');
SELECT dr_grant('regress_pgdr_monitor', 'monitor');
SELECT dr_grant('regress_pgdr_restore', 'restore');
-- Nobody may write a table: what is recorded goes through functions.
SELECT DISTINCT privilege_type FROM rights AS r WHERE object LIKE 'relation dr.%' AND grantee IN (
  'regress_pgdr_backup'::regrole, 'regress_pgdr_restore'::regrole, 'regress_pgdr_monitor'::regrole) ORDER BY 1;
-- Whoever may execute a trigger function of the catalog's could put it on a table of his own.
SELECT count(*) FROM pg_proc AS p CROSS JOIN aclexplode(p.proacl) AS a
WHERE p.prorettype = 'trigger'::regtype AND p.pronamespace = 'dr'::regnamespace AND a.grantee <> p.proowner;
-- Again does no harm.
SELECT dr_grant('regress_pgdr_monitor', 'monitor');
\pset format unaligned
\set VERBOSITY terse

-- Everybody else: nothing.
SET ROLE regress_pgdr_nobody;
SELECT * FROM dr_status();
SELECT * FROM dr_detect_loss();
SELECT * FROM dr.backups;
SELECT dr_backup_start('20261121T020000Z-9f3c', 'shop');
RESET ROLE;

-- Backup: every recording function.
SET ROLE regress_pgdr_backup;
SELECT dr_backup_start('20261121T020000Z-9f3c', 'shop');
SELECT dr_snapshot_counts('x', true) AS snapshot \gset
SELECT dr_backup_finish('20261121T020000Z-9f3c', :snapshot, now(), now(), '{"label": "20261121T020000Z-9f3c"}');
SELECT dr_copy_record('20261121T020000Z-9f3c', 'local', 'x', 'complete');
SELECT dr_copy_record('20261121T020000Z-9f3c', 'local', 'x', 'damaged', error => 'x');
SELECT dr_backup_start('20261122T020000Z-9f3c', 'shop');
SELECT dr_backup_start('20261123T020000Z-9f3c', 'shop');
SELECT dr_backup_fail('20261123T020000Z-9f3c', 'x');
SELECT dr_backup_import('{"format": "pgdr-manifest", "version": 1, "label": "20261101T020000Z-1111", "set": "shop", "kind": "full",
  "started_at": "2026-11-01T02:00:00Z", "finished_at": "2026-11-01T02:01:00Z", "recovery_point": "2026-11-01T02:00:01Z"}', 'local', 'y');
SELECT dr_snapshot_import(dr_snapshot_document(:snapshot)) = :snapshot;
SELECT dr_restore_start('20261121T020000Z-9f3c', 'copy');
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(), '[{"status": "passed", "check_name": "verdict"}]');
SELECT dr_restore_finish(1, 'complete', verification => 1);
SELECT status FROM dr_verify_snapshot(dr_snapshot_document(:snapshot)) WHERE check_name = 'verdict';
SELECT dr_objective_set('rpo', '1 hour');
SELECT dr_event_record('info', 'x', 'y') > 0;
SELECT count(*) FROM dr_snapshot_changes(:snapshot, :snapshot);
SELECT loss FROM dr_detect_loss();
SELECT count(*) > 0 FROM dr_status();
SELECT dr_snapshot_expire('0');
-- And no more: history cannot be deleted or rewritten.
DELETE FROM dr.backups;
DELETE FROM dr.copies;
DELETE FROM dr.restores;
DELETE FROM dr.verifications;
DELETE FROM dr.events;
DELETE FROM dr.snapshots;
DELETE FROM dr.definitions;
INSERT INTO dr.backups (label, set_name, kind, state, started_at) VALUES ('20261129T020000Z-9f3c', 's', 'full', 'running', now());
UPDATE dr.backups SET recovery_point = now();
UPDATE dr.copies SET state = 'complete';
INSERT INTO dr.copies (backup, repository, location, state) VALUES (1, 'x', 'y', 'complete');
UPDATE dr.restores SET state = 'complete';
INSERT INTO dr.verifications (target, baseline, started_at, finished_at, passed, problems, warnings, infos, verdict)
VALUES ('t', 'live', now(), now(), true, 0, 0, 0, 'fine');
INSERT INTO dr.snapshot_relations (snapshot, position, schema, name, kind, persistence, state, key) VALUES (1, 99, 's', 'n', 'r', 'p', 'failed', '[null]');
INSERT INTO dr.definitions (sha256, definition) VALUES (sha256(''), '');
SELECT nextval('dr.backups_id_seq');
UPDATE dr.verifications SET passed = true;
UPDATE dr.verification_findings SET status = 'info';
UPDATE dr.events SET message = 'nothing happened';
UPDATE dr.snapshot_relations SET rows = 0;
UPDATE dr.definitions SET definition = '';
UPDATE dr.objective_kinds SET default_target = '1 year';
TRUNCATE dr.events;
SELECT dr_grant('regress_pgdr_nobody', 'backup');
SELECT dr_revoke('regress_pgdr_monitor');
CREATE TABLE dr.mine (a int);
RESET ROLE;

-- Monitor: reads everything, writes nothing.
SET ROLE regress_pgdr_monitor;
SELECT count(*) > 0 FROM dr_status();
SELECT count(*) FROM dr.backups;
SELECT count(*) FROM dr.verification_findings;
SELECT dr_snapshot_document(:snapshot) IS NOT NULL;
SELECT count(*) FROM dr_snapshot_changes(:snapshot, :snapshot);
SELECT loss FROM dr_detect_loss();
SELECT dr_event_record('info', 'x', 'y');
SELECT dr_backup_start('20261124T020000Z-9f3c', 'shop');
SELECT dr_objective_set('rpo', '1 year');
SELECT dr_snapshot_counts();
SELECT dr_verify_snapshot('{}');
SELECT dr._collect(false, false);
INSERT INTO dr.events (severity, kind, message) VALUES ('info', 'x', 'y');
UPDATE dr.backups SET error = 'x';
DELETE FROM dr.backups;
RESET ROLE;

-- Restore: verifies, and records restores and verifications; no backups, no copies, no objectives.
SET ROLE regress_pgdr_restore;
SELECT dr_restore_start('20261121T020000Z-9f3c', 'copy') AS restore \gset
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(), '[{"status": "passed", "check_name": "verdict"}]') AS verification \gset
SELECT dr_restore_finish(:restore, 'complete', verification => :verification);
SELECT status FROM dr_verify_snapshot(dr_snapshot_document(:snapshot)) WHERE check_name = 'verdict';
SELECT dr_snapshot_import(dr_snapshot_document(:snapshot)) = :snapshot;
SELECT dr_run_failed('restore', 'no room', 'shop') > 0;
SELECT count(*) > 0 FROM dr_status();
SELECT dr_backup_start('20261125T020000Z-9f3c', 'shop');
SELECT dr_backup_finish('20261122T020000Z-9f3c', NULL, now(), now(), '{}');
SELECT dr_backup_import('{}', 'x', 'y');
SELECT dr_copy_record('20261121T020000Z-9f3c', 'local', 'x', 'complete', checked_at => now());
SELECT dr_copy_brought('20261121T020000Z-9f3c', 'local', 'x');
SELECT dr_copies_missing('local', '{}', now());
SELECT dr._copy_record('20261121T020000Z-9f3c', 'local', 'x', 'complete', 1, NULL, NULL, NULL, 'written');
SELECT dr_objective_set('rpo', '1 year');
SELECT dr_snapshot_expire('0');
SELECT dr_snapshot_counts();
INSERT INTO dr.restores (backup, target, state, started_at) VALUES (1, 't', 'running', now());
RESET ROLE;

-- Whoever records is on record, not the owner of the functions.
SELECT DISTINCT 'backup' AS what, recorded_by FROM dr.backups
UNION SELECT 'restore', recorded_by FROM dr.restores UNION SELECT 'verification', recorded_by FROM dr.verifications
UNION SELECT 'event', recorded_by FROM dr.events UNION SELECT 'objective', set_by FROM dr.objectives ORDER BY 1, 2;

-- Taken back: nothing is left. A kind must be the one that the role has.
\set VERBOSITY default
SELECT dr_revoke('regress_pgdr_backup', 'monitor');
\echo :SQLSTATE
SELECT dr_revoke('regress_pgdr_nobody', 'backup');
SELECT dr_revoke('regress_pgdr_backup', 'admin');
SELECT dr_revoke(NULL);
SELECT dr_revoke('regress_pgdr_backup', 'backup');
SELECT dr_revoke('regress_pgdr_monitor');
SELECT dr_revoke('regress_pgdr_restore');
SELECT dr_revoke('regress_pgdr_nobody');
SELECT * FROM rights EXCEPT SELECT * FROM before;
SELECT * FROM before EXCEPT SELECT * FROM rights;
SELECT count(*) FROM pg_shdepend AS d WHERE d.refclassid = 'pg_authid'::regclass AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND d.refobjid IN ('regress_pgdr_backup'::regrole, 'regress_pgdr_monitor'::regrole, 'regress_pgdr_restore'::regrole);
-- So the roles can go.
DROP ROLE regress_pgdr_backup, regress_pgdr_monitor, regress_pgdr_restore, regress_pgdr_nobody;

-- In a schema that PUBLIC may not use, its USAGE comes and goes, too; but not that of somebody who has something else there.
DROP VIEW rights;
DROP EXTENSION pgdr;
CREATE SCHEMA regress_pgdr_apart;
CREATE EXTENSION pgdr SCHEMA regress_pgdr_apart;
CREATE ROLE regress_pgdr_one;
CREATE ROLE regress_pgdr_two;
CREATE TABLE regress_pgdr_apart.theirs (a integer);
GRANT USAGE ON SCHEMA regress_pgdr_apart TO regress_pgdr_two;
GRANT SELECT ON regress_pgdr_apart.theirs TO regress_pgdr_two;
SELECT regress_pgdr_apart.dr_grant('regress_pgdr_one', 'monitor'), regress_pgdr_apart.dr_grant('regress_pgdr_two', 'monitor');
SET ROLE regress_pgdr_one;
SELECT count(*) > 0 FROM regress_pgdr_apart.dr_status();
RESET ROLE;
SELECT regress_pgdr_apart.dr_revoke('regress_pgdr_one'), regress_pgdr_apart.dr_revoke('regress_pgdr_two');
SELECT has_schema_privilege('regress_pgdr_one', 'regress_pgdr_apart', 'USAGE') AS one, has_schema_privilege('regress_pgdr_two', 'regress_pgdr_apart', 'USAGE') AS two;
SET client_min_messages = error;
DROP SCHEMA regress_pgdr_apart CASCADE;
DROP ROLE regress_pgdr_one, regress_pgdr_two;
