-- dr_grant: each role may do its task and no more.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

SET client_min_messages = error;
DROP ROLE IF EXISTS regress_pgdr_backup, regress_pgdr_monitor, regress_pgdr_nobody;
RESET client_min_messages;
CREATE ROLE regress_pgdr_backup;
CREATE ROLE regress_pgdr_monitor;
CREATE ROLE regress_pgdr_nobody;
SELECT count(*) AS read_all_data FROM pg_roles WHERE rolname = 'pg_read_all_data' \gset
\if :read_all_data
GRANT pg_read_all_data TO regress_pgdr_backup; -- from version 14 on
\endif
SELECT dr_grant('regress_pgdr_backup', 'admin');
\echo :SQLSTATE
SELECT dr_grant(NULL, 'backup');
SELECT dr_grant('regress_pgdr_backup', 'backup');
SELECT dr_grant('regress_pgdr_monitor', 'monitor');
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
DO $$
BEGIN
  DELETE FROM dr.snapshots;
EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN -- the latter from version 18 on
  RAISE WARNING 'the snapshot of a backup stays';
END $$;
UPDATE dr.verifications SET passed = true;
UPDATE dr.verification_findings SET status = 'info';
UPDATE dr.events SET message = 'nothing happened';
UPDATE dr.snapshot_relations SET rows = 0;
UPDATE dr.definitions SET definition = '';
UPDATE dr.objective_kinds SET default_target = '1 year';
TRUNCATE dr.events;
SELECT dr_grant('regress_pgdr_nobody', 'backup');
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

SET client_min_messages = error;
DROP OWNED BY regress_pgdr_backup, regress_pgdr_monitor, regress_pgdr_nobody;
DROP ROLE regress_pgdr_backup, regress_pgdr_monitor, regress_pgdr_nobody;
