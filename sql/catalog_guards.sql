-- What foreign keys would guarantee, kept by triggers and by the functions that record.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;
\pset format unaligned
\pset footer off
-- No table refers to another in a way that an order of loading could break, and no trigger runs where rows are loaded.
SELECT count(*) FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid WHERE c.relnamespace = 'dr'::regnamespace AND k.contype = 'f';
SELECT count(*) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = 'dr'::regnamespace AND (t.tgtype & 20) <> 0;
CREATE TABLE regress_pgdr_rows AS SELECT 1 AS a;
SELECT dr_snapshot_counts('of a backup', true) AS kept \gset
SELECT dr_snapshot_counts('of nothing', true) AS loose \gset
SELECT dr_backup_start('20261121T020000Z-0001', 'shop') AS id;
SELECT dr_backup_finish('20261121T020000Z-0001', :kept, now(), now(), '{"label": "20261121T020000Z-0001"}');
SELECT dr_copy_record('20261121T020000Z-0001', 'local', 'x', 'complete') AS id;
SELECT dr_backup_start('20261121T030000Z-0002', 'shop') AS id;
SELECT dr_backup_finish('20261121T030000Z-0002', NULL, now(), now(), '{"label": "20261121T030000Z-0002"}');
SELECT dr_copy_record('20261121T030000Z-0002', 'local', 'x', 'complete') AS id;
SELECT status FROM dr_verify_against(current_database(), snapshot => :loose) WHERE check_name = 'verdict';
SELECT dr_restore_start('20261121T020000Z-0001', 'copy') AS restore \gset
SELECT dr_verification_record('20261121T020000Z-0001', 'copy', now(), now(),
  '[{"status": "warning", "object_type": "t", "object": "o", "check_name": "c"}, {"status": "passed", "check_name": "verdict"}]') AS verification \gset
SELECT dr_restore_finish(:restore, 'complete', verification => :verification);

-- A backup keeps its snapshot, a snapshot its texts, a restore or a verification its backup.
DELETE FROM dr.snapshots WHERE id = :kept;
\echo :SQLSTATE
DELETE FROM dr.definitions;
\echo :SQLSTATE
DELETE FROM dr.backups WHERE label = '20261121T020000Z-0001';
\echo :SQLSTATE
TRUNCATE dr.backups CASCADE;
TRUNCATE dr.snapshots;
-- What is deleted takes along what belongs to it, and what referred to it forgets it.
DELETE FROM dr.backups WHERE label = '20261121T030000Z-0002';
SELECT count(*) FROM dr.copies;
DELETE FROM dr.snapshots WHERE id = :loose;
SELECT count(*) FROM dr.snapshot_relations WHERE snapshot = :loose;
SELECT count(*) FROM dr.snapshot_objects WHERE snapshot = :loose;
SELECT count(*) FROM dr.verifications WHERE snapshot = :loose;
SELECT count(*) > 0 FROM dr.verification_findings;
DELETE FROM dr.verifications;
SELECT count(*) FROM dr.verification_findings;
SELECT verification FROM dr.restores;
-- A transaction that cannot see what was just recorded deletes nothing.
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM dr.restores;
DELETE FROM dr.backups;
\echo :SQLSTATE
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT dr_snapshot_expire('0');
ROLLBACK;
-- Nothing that does not exist is referred to.
SELECT dr_backup_start('20261121T040000Z-0003', 'shop') AS id;
SELECT dr_backup_finish('20261121T040000Z-0003', :loose, now(), now(), '{"label": "20261121T040000Z-0003"}');
SELECT dr_objective_set('happiness', '1');
-- The trigger functions serve the catalog's tables alone.
CREATE TABLE snapshots (id bigint);
CREATE TRIGGER t AFTER DELETE ON snapshots REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION dr._follow_deletion();
INSERT INTO snapshots VALUES (:kept);
DELETE FROM snapshots;
SELECT count(*) > 0 FROM dr.snapshot_relations WHERE snapshot = :kept;
DROP TABLE snapshots, regress_pgdr_rows;
