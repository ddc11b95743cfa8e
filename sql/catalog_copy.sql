-- Copies and backups rebuilt from manifests: dr_copy_record, dr_backup_import.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

SELECT dr_backup_start('20261121T020000Z-9f3c', 'prompts') AS id;
SELECT dr_backup_finish('20261121T020000Z-9f3c', NULL, now(), now(), '{"label": "20261121T020000Z-9f3c"}');

SELECT dr_copy_record('20261121T020000Z-9f3c', 'local', 'prompts/20261121T020000Z-9f3c', 'complete', 300, repeat('a', 64)) AS id;
SELECT dr_copy_record('20261121T020000Z-9f3c', 's3', 'prompts/20261121T020000Z-9f3c', 'missing', error => 'no route to host') AS id;
-- Recording again changes the copy; what is not said stays; only a change for the worse is an event.
SELECT dr_copy_record('20261121T020000Z-9f3c', 'local', 'prompts/20261121T020000Z-9f3c', 'complete', checked_at => '2026-11-22 00:00Z') AS id;
SELECT dr_copy_record('20261121T020000Z-9f3c', 's3', 'prompts/20261121T020000Z-9f3c', 'missing', error => 'no route to host') AS id;
SELECT dr_copy_record('20261121T020000Z-9f3c', 's3', 'prompts/20261121T020000Z-9f3c', 'damaged') AS id;
SELECT repository, location, state, stored_bytes, left(manifest_sha256, 4) AS sha256, checked_at AT TIME ZONE 'UTC' AS checked_at, error
FROM dr.copies ORDER BY repository;
SELECT severity, kind, message, set_name FROM dr.events ORDER BY id;
-- What is only found again stays what it was; what was checked byte by byte or brought anew is complete.
SELECT dr_copy_record('20261121T020000Z-9f3c', 's3', 'x', 'complete') AS id;
SELECT state, error FROM dr.copies WHERE repository = 's3';
SELECT dr_copy_record('20261121T020000Z-9f3c', 's3', 'x', 'complete', checked_at => now()) AS id;
SELECT state FROM dr.copies WHERE repository = 's3';
SELECT dr_copy_record('20261121T020000Z-9f3c', 's3', 'x', 'missing', error => 'gone') AS id;
SELECT dr_copy_brought('20261121T020000Z-9f3c', 's3', 'x') AS id;
SELECT state, error FROM dr.copies WHERE repository = 's3';
SELECT dr_copy_record('20261121T020000Z-9f3c', 's3', 'x', 'deleted') AS id;
SELECT dr_copy_record('20261121T020000Z-9f3c', 's3', 'x', 'complete') AS id;
SELECT state FROM dr.copies WHERE repository = 's3';
-- Errors.
SELECT dr_copy_brought('20261121T020000Z-9f3c', 's3', '');
SELECT dr_copy_record('20261121T020000Z-0000', 'local', 'x', 'complete');
\echo :SQLSTATE
SELECT dr_copy_record('x', 'local', 'x', 'complete');
SELECT dr_copy_record('20261121T020000Z-9f3c', 'local', 'x', 'good');
\echo :SQLSTATE
SELECT dr_copy_record('20261121T020000Z-9f3c', '', 'x', 'complete');
SELECT dr_copy_record('20261121T020000Z-9f3c', 'local', 'x', 'complete', error => 'but');
SELECT dr_copy_record('20261121T020000Z-9f3c', 'local', 'x', 'complete', manifest_sha256 => 'abc');
\echo :SQLSTATE

-- A manifest found in a repository.
SELECT '{"format": "pgdr-manifest", "version": 1, "label": "20261101T020000Z-1111", "set": "prompts", "kind": "full",
  "started_at": "2026-11-01T02:00:00Z", "finished_at": "2026-11-01T02:01:00Z", "recovery_point": "2026-11-01T02:00:01Z",
  "recovery_lsn": "0/16B3748", "tool_version": "0.1.0", "original_bytes": 1000, "stored_bytes": 300,
  "snapshot_uuid": "00000000-0000-0000-0000-000000000001", "repository_id": "1",
  "artifacts": [{"name": "database.dump.zst.age", "stored_sha256": "aa"}]}'::jsonb AS manifest \gset
SELECT dr_backup_import(:'manifest', 'local', 'prompts/20261101T020000Z-1111') AS id \gset first_
-- Again, and from another repository with an identity of its own: the same backup.
SELECT dr_backup_import(:'manifest', 'local', 'prompts/20261101T020000Z-1111') = :first_id AS same;
SELECT dr_backup_import(:'manifest'::jsonb || '{"repository_id": "2"}', 's3', 'prompts/20261101T020000Z-1111') = :first_id AS same;
SELECT label, set_name, state, imported, started_at AT TIME ZONE 'UTC' AS started_at, recovery_point AT TIME ZONE 'UTC' AS recovery_point,
       recovery_lsn, original_bytes, stored_bytes, tool_version, snapshot
FROM dr.backups WHERE imported;
SELECT c.repository, c.state, c.stored_bytes FROM dr.copies AS c WHERE c.backup = :first_id ORDER BY 1;
-- Its snapshot, imported later, is found.
SELECT dr_snapshot_import('{"format": "pgdr-snapshot", "version": 1, "uuid": "00000000-0000-0000-0000-000000000001",
  "content": false, "digest": null, "taken_at": "2026-11-01T02:00:01Z", "label": null, "database": {"name": "d"},
  "relations": [], "sequences": [], "objects": []}') AS snapshot;
SELECT dr_backup_import(:'manifest', 'local', 'prompts/20261101T020000Z-1111') = :first_id AS same;
SELECT snapshot FROM dr.backups WHERE imported;
-- A backup recorded as failed whose manifest is there is good: the manifest is written last.
SELECT dr_backup_start('20261102T020000Z-2222', 'prompts') AS id;
SELECT dr_backup_fail('20261102T020000Z-2222', 'connection lost while recording');
SELECT dr_backup_import(:'manifest'::jsonb || '{"label": "20261102T020000Z-2222"}', 'local', 'x') IS NOT NULL AS imported;
SELECT state, error, imported FROM dr.backups WHERE label = '20261102T020000Z-2222';
-- Two different backups under one name are an alarm.
SELECT dr_backup_import(:'manifest'::jsonb || '{"artifacts": [{"name": "database.dump.zst.age", "stored_sha256": "bb"}]}', 's3', 'elsewhere');
\echo :SQLSTATE
SELECT dr_backup_import(NULL, 'local', 'x');
\echo :SQLSTATE
SELECT dr_backup_import('{"format": "other"}', 'local', 'x');
SELECT dr_backup_import(:'manifest'::jsonb || '{"version": 3}', 'local', 'x');
\echo :SQLSTATE
SELECT dr_backup_import(:'manifest'::jsonb - 'recovery_point', 'local', 'x');
SELECT dr_backup_import(:'manifest'::jsonb || '{"label": "../../etc"}', 'local', 'x');
SELECT dr_backup_import(:'manifest'::jsonb || '{"label": "20261103T020000Z-3333"}', '', 'x');
SELECT count(*) FROM dr.backups WHERE label = '20261103T020000Z-3333';

-- Found again by a rebuild: no state gets better.
SELECT dr_copy_record('20261101T020000Z-1111', 'local', 'x', 'damaged', error => 'bytes differ') AS id;
SELECT dr_backup_import(:'manifest', 'local', 'prompts/20261101T020000Z-1111') = :first_id AS same;
SELECT state, error FROM dr.copies WHERE backup = :first_id AND repository = 'local';

-- What a repository should hold, and what a listing of it lacks: marked once, told once.
SELECT label, backup_set, backup_state, location, state FROM dr_copies_expected('local');
SELECT count(*) FROM dr_copies_expected('local', 'other');
SELECT max(id) AS last FROM dr.events \gset
SELECT label, state_before FROM dr_copies_missing('local', ARRAY['20261102T020000Z-2222'], now() + interval '1 hour');
SELECT label, state_before FROM dr_copies_missing('local', ARRAY['20261102T020000Z-2222'], now() + interval '1 hour');
SELECT kind, message FROM dr.events WHERE id > :last ORDER BY id;
SELECT label, state FROM dr_copies_expected('local');
-- Recorded after the listing began, it is not expected in it.
SELECT label FROM dr_copies_missing('local', '{}', now() - interval '1 hour');
SELECT label FROM dr_copies_missing('local', '{}', now() + interval '1 hour', 'other');
SELECT label FROM dr_copies_missing('local', '{}', now() + interval '1 hour', 'prompts');
SELECT dr_copies_missing('local', NULL, now());
\echo :SQLSTATE
