-- Recording restores and verifications done elsewhere.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

SELECT dr_backup_start('20261121T020000Z-9f3c', 'prompts') AS id;
SELECT dr_restore_start('20261121T020000Z-9f3c', 'copy');
\echo :SQLSTATE
SELECT dr_backup_finish('20261121T020000Z-9f3c', NULL, now(), now(), '{"label": "20261121T020000Z-9f3c"}');
SELECT dr_backup_start('20261122T020000Z-0001', 'prompts') AS id;
SELECT dr_backup_fail('20261122T020000Z-0001', 'disk full');
SELECT dr_restore_start('20261122T020000Z-0001', 'copy');
SELECT dr_restore_start('20261121T020000Z-0000', 'copy');
\echo :SQLSTATE
SELECT dr_restore_start('20261121T020000Z-9f3c', '');
\echo :SQLSTATE

SELECT dr_restore_start('20261121T020000Z-9f3c', 'copy', options => '{"jobs": 4}') AS id;
SELECT target, server, state, finished_at IS NULL AS open, options FROM dr.restores;
SELECT dr_restore_finish(1, 'perfect');
\echo :SQLSTATE
SELECT dr_restore_finish(99, 'complete');
\echo :SQLSTATE
SELECT dr_restore_finish(NULL, 'complete');
SELECT dr_restore_finish(1, 'complete', error => 'but');
SELECT dr_restore_finish(1, 'complete', verification => 99);
\echo :SQLSTATE

-- A verification of the restored copy on another server, as the tool brings it home.
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(),
  '[{"status": "warning", "object_type": "materialized view", "object": "public.m", "check_name": "rows", "expected": "1 row", "actual": "2 rows", "detail": "d"},
    {"status": "passed", "object_type": "database", "object": "copy", "check_name": "verdict", "detail": "all is well"}]',
  'db2.example') AS verification;
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(),
  '[{"status": "missing", "object_type": "table", "object": "public.t", "check_name": "existence", "detail": "the whole table is missing"},
    {"status": "failed", "object_type": "database", "object": "copy", "check_name": "verdict", "detail": "1 problem"}]') AS verification;
SELECT target, server, baseline, restored, passed, problems, warnings, infos, omitted, verdict FROM dr.verifications ORDER BY id;
SELECT verification, position, status, object_type, object, check_name, expected, actual, detail FROM dr.verification_findings ORDER BY 1, 2;
-- Errors.
SELECT dr_verification_record('20261121T020000Z-0000', 'copy', now(), now(), '[]');
\echo :SQLSTATE
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(), '{}');
\echo :SQLSTATE
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(), '[]');
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), NULL, '[]');
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(), '[{"status": "info", "check_name": "rows"}]');
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(),
  '[{"status": "missing", "check_name": "rows"}, {"status": "passed", "check_name": "verdict"}]');
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(),
  '[{"status": "odd", "check_name": "rows"}, {"status": "passed", "check_name": "verdict"}]');

SELECT dr_restore_finish(1, 'complete', verification => 1);
SELECT dr_restore_finish(1, 'complete');
\echo :SQLSTATE
SELECT dr_restore_start('20261121T020000Z-9f3c', 'copy2', 'db2.example') AS id;
SELECT dr_restore_finish(2, 'complete_with_errors', error => '3 errors ignored');
SELECT dr_restore_start('20261121T020000Z-9f3c', 'copy3') AS id;
SELECT dr_restore_finish(3, 'failed');
SELECT dr_restore_start('20261121T020000Z-9f3c', 'copy4') AS id;
SELECT dr_restore_finish(4, 'interrupted');
-- The verification of another backup proves nothing about this restore.
INSERT INTO dr.verifications (target, baseline, started_at, finished_at, passed, problems, warnings, infos, verdict)
VALUES ('t', 'live', now(), now(), true, 0, 0, 0, 'fine');
SELECT dr_restore_start('20261121T020000Z-9f3c', 'copy5') AS id;
SELECT dr_restore_finish(5, 'complete', verification => 3);
\echo :SQLSTATE
SELECT id, target, server, state, error, verification, finished_at >= started_at AS in_order FROM dr.restores ORDER BY id;
SELECT severity, kind, message FROM dr.events WHERE kind <> 'backup_failed' ORDER BY id;
-- Very many findings: the first 10,000 are stored, problems first as they come.
SELECT dr_verification_record('20261121T020000Z-9f3c', 'copy', now(), now(),
  (SELECT jsonb_agg(jsonb_build_object('status', 'extra', 'object', i)) FROM generate_series(1, 10003) AS i)
  || '[{"status": "failed", "check_name": "verdict"}]') AS verification \gset
SELECT problems, omitted, (SELECT count(*) FROM dr.verification_findings WHERE verification = id) AS stored FROM dr.verifications WHERE id = :verification;
