-- dr_status: every objective in every state, with a sentence for the night.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

CREATE FUNCTION pg_temp.finish(label text, age interval) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM dr_backup_start(label, 'prompts', started_at => now() - age - interval '10 minutes');
  PERFORM dr_backup_finish(label, NULL, now() - age, now() - age, jsonb_build_object('label', label));
END $$;
\pset format unaligned
\pset fieldsep ' | '
\pset footer off
-- Nothing was ever done.
SELECT * FROM dr_status();
-- Never verified, and overdue.
SELECT dr_backup_start('20261001T020000Z-0000', 'prompts', started_at => now() - interval '1000 hours') AS id;
SELECT dr_backup_finish('20261001T020000Z-0000', NULL, now() - interval '999 hours 50 minutes', now() - interval '1000 hours', '{"label": "20261001T020000Z-0000"}');
SELECT * FROM dr_status() WHERE objective = 'verified_age';
-- A backup without a copy cannot be restored.
SELECT pg_temp.finish('20261120T020000Z-0001', interval '23 hours 5 minutes');
SELECT * FROM dr_status() WHERE objective IN ('rpo', 'backup', 'copies');
SELECT dr_copy_record('20261120T020000Z-0001', 'local', 'x', 'complete') AS copy;
SELECT * FROM dr_status() WHERE objective IN ('rpo', 'backup', 'copies');
SELECT dr_objective_set('rpo', '23 hours');
SELECT * FROM dr_status() WHERE objective = 'rpo';
SELECT dr_objective_set('rpo', '3 days');
SELECT dr_objective_set('copies', '2');
SELECT * FROM dr_status() WHERE objective IN ('rpo', 'copies');
-- A damaged copy is no copy.
SELECT dr_copy_record('20261120T020000Z-0001', 's3', 'x', 'damaged') AS copy;
SELECT * FROM dr_status() WHERE objective IN ('rpo', 'copies');
SELECT dr_copy_record('20261120T020000Z-0001', 'local', 'x', 'deleted') AS copy;
SELECT * FROM dr_status() WHERE objective IN ('rpo', 'copies');
SELECT dr_copy_record('20261120T020000Z-0001', 'local', 'x', 'complete') AS copy;
-- Runs that fail, once and twice, and one that does not end.
SELECT dr_backup_start('20261121T020000Z-0002', 'prompts', started_at => now() - interval '3 hours') AS id;
SELECT dr_backup_fail('20261121T020000Z-0002', 'disk full', now() - interval '3 hours');
SELECT * FROM dr_status() WHERE objective = 'backup';
SELECT dr_backup_start('20261121T030000Z-0003', 'prompts', started_at => now() - interval '2 hours') AS id;
SELECT * FROM dr_status() WHERE objective = 'backup';
SELECT dr_backup_fail('20261121T030000Z-0003', 'disk still full', now() - interval '2 hours');
SELECT * FROM dr_status() WHERE objective = 'backup';
SELECT dr_backup_start('20261121T040000Z-0004', 'prompts', started_at => now() - interval '5 minutes') AS id;
SELECT * FROM dr_status() WHERE objective = 'backup';
SELECT dr_backup_finish('20261121T040000Z-0004', NULL, now(), now() - interval '5 minutes', '{"label": "20261121T040000Z-0004"}', 'partial');
SELECT objective, state FROM dr_status() WHERE objective IN ('rpo', 'backup', 'copies');
-- Of several sets the one that is worst off speaks.
SELECT dr_backup_start('20261121T050000Z-0005', 'others', started_at => now() - interval '4 minutes') AS id;
SELECT dr_backup_fail('20261121T050000Z-0005', 'no such database', now());
SELECT * FROM dr_status() WHERE objective = 'backup';
-- Proof: only a restored backup counts, and a failed proof counts against.
INSERT INTO dr.verifications (target, baseline, backup, restored, started_at, finished_at, passed, problems, warnings, infos, verdict)
VALUES ('prompts', 'backup', 1, false, now(), now(), true, 0, 0, 0, 'not a restored copy');
SELECT * FROM dr_status() WHERE objective = 'verified_age';
INSERT INTO dr.verifications (target, baseline, backup, restored, started_at, finished_at, passed, problems, warnings, infos, verdict)
VALUES ('copy', 'backup', 1, true, now() - interval '960 hours', now() - interval '960 hours', true, 0, 0, 0, 'fine');
SELECT * FROM dr_status() WHERE objective = 'verified_age';
INSERT INTO dr.verifications (target, baseline, backup, restored, started_at, finished_at, passed, problems, warnings, infos, verdict)
VALUES ('copy', 'backup', 1, true, now() - interval '51 hours', now() - interval '51 hours', true, 0, 0, 0, 'fine');
SELECT * FROM dr_status() WHERE objective = 'verified_age';
INSERT INTO dr.verifications (target, baseline, backup, restored, started_at, finished_at, passed, problems, warnings, infos, verdict)
VALUES ('copy', 'backup', 1, true, now(), now(), false, 1, 0, 0, 'bad');
SELECT * FROM dr_status() WHERE objective = 'verified_age';
-- That a part of it was restored and matched proves no backup, whoever recorded it and how; it also takes back no finding.
INSERT INTO dr.verifications (target, baseline, backup, restored, started_at, finished_at, passed, problems, warnings, infos, verdict, options)
VALUES ('part', 'backup', 1, true, now(), now(), true, 0, 0, 0, 'a part', '{"only": ["public.t"]}'),
       ('part', 'backup', 1, true, now(), now(), true, 0, 0, 0, 'nothing', '{"only": []}');
SELECT dr_verification_record('20261001T020000Z-0000', 'part', now(), now(), '[
  {"status": "info", "object_type": "database", "object": "part", "check_name": "only", "detail": "only these relations were compared: public.t"},
  {"status": "passed", "check_name": "verdict"}]') AS recorded \gset
SELECT options FROM dr.verifications WHERE id = :recorded;
SELECT dr_restore_start('20261001T020000Z-0000', 'part', started_at => now() - interval '1 second', options => '{"only": ["public.t"]}') AS restore \gset
INSERT INTO dr.verifications (target, baseline, backup, restored, started_at, finished_at, passed, problems, warnings, infos, verdict)
VALUES ('part', 'backup', 1, true, now(), now(), true, 0, 0, 0, 'a part') RETURNING id AS linked \gset
SELECT dr_restore_finish(:restore, 'complete', now(), :linked);
SELECT * FROM dr_status() WHERE objective = 'verified_age';
-- The whole of it does both.
INSERT INTO dr.verifications (target, baseline, backup, restored, started_at, finished_at, passed, problems, warnings, infos, verdict, options)
VALUES ('whole', 'backup', 1, true, now(), now(), true, 0, 0, 0, 'fine', '{"only": null}');
SELECT state FROM dr_status() WHERE objective = 'verified_age';
-- Objectives that are off until they are set, and one that is removed.
SELECT dr_objective_set('verified_age', NULL);
SELECT dr_objective_set('rto', '15 minutes');
SELECT dr_objective_set('snapshot_age', '2 hours');
SELECT * FROM dr_status() WHERE objective NOT IN ('backup', 'rpo', 'copies');
SELECT dr_restore_start('20261120T020000Z-0001', 'copy', started_at => now() - interval '1 hour') AS restore \gset
SELECT dr_restore_finish(:restore, 'complete', now() - interval '48 minutes');
SELECT * FROM dr_status() WHERE objective = 'rto';
-- How long a part took, or definitions alone, says nothing of how long the whole takes.
SELECT dr_restore_start('20261120T020000Z-0001', 'part', started_at => now() - interval '1 hour', options => '{"only": [], "schema_only": true}') AS restore \gset
SELECT dr_restore_finish(:restore, 'complete', now() - interval '1 minute');
SELECT * FROM dr_status() WHERE objective = 'rto';
SELECT dr_objective_set('rto', '10 minutes');
SELECT * FROM dr_status() WHERE objective = 'rto';
SELECT dr_snapshot_import(jsonb_build_object('format', 'pgdr-snapshot', 'version', 1, 'uuid', gen_random_uuid(),
  'content', false, 'digest', NULL, 'taken_at', now() - interval '3 hours', 'label', NULL,
  'database', '{"name": "d"}'::jsonb, 'relations', '[]'::jsonb, 'sequences', '[]'::jsonb, 'objects', '[]'::jsonb)) AS snapshot;
SELECT * FROM dr_status() WHERE objective = 'snapshot_age';

-- Checked is not proven: when the bytes of a copy were last compared. Never is unknown, and critical once the copies themselves are that old.
SELECT * FROM dr_status() WHERE objective = 'checked_age';
UPDATE dr.copies SET state = 'complete', error = NULL;
UPDATE dr.copies SET recorded_at = now() - interval '960 hours';
SELECT * FROM dr_status() WHERE objective = 'checked_age';
SELECT dr_copy_record('20261120T020000Z-0001', 'local', 'x', 'complete', checked_at => now() - interval '900 hours') AS copy;
SELECT * FROM dr_status() WHERE objective = 'checked_age';
SELECT dr_copy_record('20261120T020000Z-0001', 'local', 'x', 'complete', checked_at => now() - interval '50 hours') AS copy;
SELECT * FROM dr_status() WHERE objective = 'checked_age';
SELECT dr_copy_record('20261120T020000Z-0001', 's3', 'x', 'damaged') AS copy;
SELECT * FROM dr_status() WHERE objective = 'checked_age';

-- Runs that failed before they began: told until a backup of the set starts; one after a good run is a warning, two are critical.
DELETE FROM dr.backups WHERE state = 'failed' AND id NOT IN (SELECT backup FROM dr.verifications WHERE backup IS NOT NULL);
SELECT state FROM dr_status() WHERE objective = 'backup';
SELECT dr_backup_start('20261122T040000Z-0006', 'prompts', started_at => now() - interval '1 minute') AS id;
SELECT dr_backup_finish('20261122T040000Z-0006', NULL, now(), now(), '{"label": "20261122T040000Z-0006"}');
SELECT actual, state FROM dr_status() WHERE objective = 'backup';
SELECT dr_run_failed('backup', 'the repository is not there', 'prompts') > 0 AS told;
SELECT actual, state, regexp_replace(explanation, '[0-9]+ seconds? ago', 'just now') FROM dr_status() WHERE objective = 'backup';
SELECT dr_run_failed('backup', 'the repository is not there', 'prompts') > 0 AS told;
SELECT state FROM dr_status() WHERE objective = 'backup';
SELECT dr_run_failed('verify', 'the repository is not there', 'prompts') > 0 AS told;
SELECT kind, times FROM dr.events WHERE detail ? 'run' ORDER BY id;
SELECT dr_backup_start('20261122T050000Z-0007', 'prompts', started_at => clock_timestamp()) AS id;
SELECT dr_backup_finish('20261122T050000Z-0007', NULL, clock_timestamp(), clock_timestamp(), '{"label": "20261122T050000Z-0007"}');
SELECT actual, state FROM dr_status() WHERE objective = 'backup';
SELECT dr_run_failed('backup', 'the repository is not there', 'prompts') > 0 AS told;
SELECT state FROM dr_status() WHERE objective = 'backup';
SELECT dr_run_failed('backup', 'no such database', 'third') > 0 AS told;
SELECT state, regexp_replace(explanation, '[0-9]+ seconds? ago', 'just now') FROM dr_status() WHERE objective = 'backup';
SELECT dr_run_failed('rm -rf', 'x');
