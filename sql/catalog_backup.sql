-- Recording backups: dr_backup_start, dr_backup_finish, dr_backup_fail.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

SELECT dr_backup_start('20261121T020000Z-9f3c', 'prompts', tool_version => '0.1.0', detail => '{"host": "a"}') AS id;
SELECT label, set_name, kind, state, finished_at IS NULL AS open, tool_version, detail, imported FROM dr.backups;

-- Errors of dr_backup_start.
SELECT dr_backup_start('20261121T020000Z-9f3c', 'prompts');
\echo :SQLSTATE
SELECT dr_backup_start('nightly', 'prompts');
\echo :SQLSTATE
SELECT dr_backup_start(NULL, 'prompts');
SELECT dr_backup_start('20261121T020000Z-9f3d', '');
SELECT dr_backup_start('20261121T020000Z-9f3d', 'prompts', 'incremental');
\echo :SQLSTATE
SELECT dr_backup_start('20261121T020000Z-9f3d', 'prompts', started_at => NULL);
\echo :SQLSTATE

-- Errors of dr_backup_finish.
SELECT dr_backup_finish('20261121T020000Z-0000', NULL, now(), now(), '{}');
\echo :SQLSTATE
SELECT dr_backup_finish('20261121T020000Z-9f3c', NULL, now(), now(), '{"label": "20261121T020000Z-9f3c"}', 'failed');
\echo :SQLSTATE
SELECT dr_backup_finish('20261121T020000Z-9f3c', NULL, now(), NULL, '{"label": "20261121T020000Z-9f3c"}');
\echo :SQLSTATE
SELECT dr_backup_finish('20261121T020000Z-9f3c', NULL, now(), now(), NULL);
SELECT dr_backup_finish('20261121T020000Z-9f3c', NULL, now(), now(), '{"label": "20261121T020000Z-0000"}');
\echo :SQLSTATE
SELECT dr_backup_finish('20261121T020000Z-9f3c', 99, now(), now(), '{"label": "20261121T020000Z-9f3c"}');
\echo :SQLSTATE

-- What the manifest says is taken out of it; a clock that is a little behind does no harm.
SELECT dr_backup_finish('20261121T020000Z-9f3c', NULL, now() - interval '1 hour', '2026-11-21 02:00:03Z',
  '{"label": "20261121T020000Z-9f3c", "original_bytes": 1000, "stored_bytes": 300, "recovery_lsn": "0/16B3748",
    "tool_version": "0.1.1"}');
SELECT state, finished_at = started_at AS not_before, recovery_point AT TIME ZONE 'UTC' AS recovery_point, recovery_lsn,
       original_bytes, stored_bytes, tool_version
FROM dr.backups;
-- Once.
SELECT dr_backup_finish('20261121T020000Z-9f3c', NULL, now(), now(), '{"label": "20261121T020000Z-9f3c"}');
\echo :SQLSTATE
SELECT dr_backup_fail('20261121T020000Z-9f3c', 'too late');

-- Failure and partial success leave an event.
SELECT dr_backup_start('20261121T030000Z-0001', 'prompts') AS id;
SELECT dr_backup_fail('20261121T030000Z-0001', 'pg_dump ended with status 1');
SELECT state, error, finished_at >= started_at AS in_order FROM dr.backups WHERE label = '20261121T030000Z-0001';
SELECT dr_backup_finish('20261121T030000Z-0001', NULL, now(), now(), '{"label": "20261121T030000Z-0001"}');
\echo :SQLSTATE
SELECT dr_backup_start('20261121T040000Z-0002', 'prompts') AS id;
SELECT dr_backup_finish('20261121T040000Z-0002', NULL, clock_timestamp(), now(), '{"label": "20261121T040000Z-0002"}', 'partial');
SELECT dr_backup_start('20261121T050000Z-0003', 'prompts') AS id;
SELECT dr_backup_fail('20261121T050000Z-0003', '');
SELECT dr_backup_fail('20261121T050000Z-ffff', 'x');

-- A run that died without a word is marked by the next one of its set, and of no other set.
SELECT dr_backup_start('20261121T060000Z-0004', 'prompts') AS id;
SELECT dr_backup_start('20261121T060000Z-0005', 'others') AS id;
SELECT dr_backup_start('20261121T070000Z-0006', 'prompts') AS id;
SELECT label, set_name, state, error FROM dr.backups ORDER BY label;
SELECT severity, kind, message, detail, set_name FROM dr.events ORDER BY id;
