-- A backup that cannot be proven in full: kept, restorable, and counted by nothing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;
\pset format unaligned
\pset fieldsep ' | '
\pset footer off
SELECT dr_backup_start('20261121T020000Z-0001', 'shop', started_at => now() - interval '2 hours') AS id;
-- It has a recovery point and a manifest as a complete one has.
SELECT dr_backup_finish('20261121T020000Z-0001', NULL, now(), NULL, '{"label": "20261121T020000Z-0001"}', 'incomplete');
SELECT dr_backup_finish('20261121T020000Z-0001', NULL, now(), now(), NULL, 'incomplete');
SELECT dr_backup_incomplete('20261121T020000Z-0001', NULL, now() - interval '1 hour', now() - interval '2 hours',
                            '{"label": "20261121T020000Z-0001"}', 'table public.orders was truncated while it began');
SELECT dr_copy_record('20261121T020000Z-0001', 'local', 'x', 'complete') AS id;
SELECT state, error, recovery_point IS NOT NULL AS point, manifest IS NOT NULL AS manifest FROM dr.backups;
SELECT severity, kind, message, set_name FROM dr.events ORDER BY id;
SELECT objective, actual, state, explanation FROM dr_status();
SELECT count(*) FROM dr._usable_backups();
-- A good one before it, then it is a warning; two in a row are critical.
SELECT dr_backup_start('20261120T020000Z-0001', 'shop', started_at => now() - interval '5 hours') AS id;
SELECT dr_backup_finish('20261120T020000Z-0001', NULL, now() - interval '5 hours', now() - interval '5 hours', '{"label": "20261120T020000Z-0001"}');
SELECT dr_copy_record('20261120T020000Z-0001', 'local', 'y', 'complete') AS id;
SELECT objective, actual, state, explanation FROM dr_status() WHERE objective IN ('backup', 'copies');
SELECT label FROM dr._usable_backups();
SELECT dr_backup_start('20261121T030000Z-0002', 'shop', started_at => now() - interval '30 minutes') AS id;
SELECT dr_backup_finish('20261121T030000Z-0002', NULL, now(), now() - interval '30 minutes',
                        '{"label": "20261121T030000Z-0002", "warnings": ["2 parts of it cannot be proven", "x"]}', 'incomplete');
SELECT message FROM dr.events ORDER BY id DESC LIMIT 1;
SELECT actual, state, explanation FROM dr_status() WHERE objective = 'backup';
-- It can be restored, but not be proven.
SELECT dr_restore_start('20261121T030000Z-0002', 'copy') AS restore \gset
SELECT dr_verification_record('20261121T030000Z-0002', 'copy', now(), now(), '[{"status": "passed", "check_name": "verdict"}]') AS verification \gset
SELECT dr_restore_finish(:restore, 'complete', verification => :verification);
SELECT actual FROM dr_status() WHERE objective = 'verified_age';
-- A restore that had errors proves nothing of a good one either; a complete one does.
SELECT dr_restore_start('20261120T020000Z-0001', 'copy') AS restore \gset
SELECT dr_verification_record('20261120T020000Z-0001', 'copy', now(), now(), '[{"status": "passed", "check_name": "verdict"}]') AS verification \gset
SELECT dr_restore_finish(:restore, 'complete_with_errors', verification => :verification, error => 'materialized view public.sums was not filled');
SELECT actual FROM dr_status() WHERE objective = 'verified_age';
SELECT dr_restore_start('20261120T020000Z-0001', 'copy2') AS restore \gset
SELECT dr_verification_record('20261120T020000Z-0001', 'copy2', now(), now(), '[{"status": "passed", "check_name": "verdict"}]') AS verification \gset
SELECT dr_restore_finish(:restore, 'complete', verification => :verification);
SELECT actual IS NOT NULL AS proven FROM dr_status() WHERE objective = 'verified_age';

-- Its manifest says so, by version and state, which must agree.
SELECT '{"format": "pgdr-manifest", "version": 2, "state": "incomplete", "label": "20261101T020000Z-1111", "set": "shop", "kind": "full",
  "started_at": "2026-11-01T02:00:00Z", "finished_at": "2026-11-01T02:01:00Z", "recovery_point": "2026-11-01T02:00:01Z",
  "artifacts": [{"name": "database.dump.zst.age", "stored_sha256": "aa"}]}'::jsonb AS manifest \gset
SELECT dr_backup_import(:'manifest', 'local', 'z') AS first \gset
SELECT state FROM dr.backups WHERE id = :first;
SELECT dr_backup_import(:'manifest', 'offsite', 'z') = :first AS same;
SELECT count(*) FROM dr.events WHERE message LIKE '%20261101T020000Z-1111%';
SELECT dr_backup_import(:'manifest'::jsonb || '{"version": 1}', 'local', 'z');
SELECT dr_backup_import(:'manifest'::jsonb - 'state', 'local', 'z');
SELECT dr_backup_import(:'manifest'::jsonb || '{"state": "excellent"}', 'local', 'z');
SELECT dr_backup_import(:'manifest'::jsonb || '{"version": 1, "state": null}', 'offsite', 'z') = :first AS same;
SELECT state FROM dr.backups WHERE id = :first;
-- A backup known as good is none any more once its manifest says so.
SELECT dr_backup_import((:'manifest'::jsonb || '{"version": 1, "label": "20261102T020000Z-2222"}') - 'state', 'local', 'z') AS second \gset
SELECT state FROM dr.backups WHERE id = :second;
SELECT dr_backup_import(:'manifest'::jsonb || '{"label": "20261102T020000Z-2222"}', 'offsite', 'z') = :second AS same;
SELECT state FROM dr.backups WHERE id = :second;
SELECT dr_backup_import((:'manifest'::jsonb || '{"version": 1, "label": "20261102T020000Z-2222"}') - 'state', 'local', 'z') = :second AS same;
SELECT state FROM dr.backups WHERE id = :second;
