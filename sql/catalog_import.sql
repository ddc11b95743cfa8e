-- Proofs and events from elsewhere: once per uuid, in every catalog the same.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;
\pset format unaligned
\pset footer off
SELECT dr_backup_start('20261121T020000Z-0001', 'shop') AS id;
SELECT dr_backup_finish('20261121T020000Z-0001', NULL, now(), now(), '{"label": "20261121T020000Z-0001"}');
SELECT dr_restore_start('20261121T020000Z-0001', 'copy') AS restore \gset
SELECT dr_verification_record('20261121T020000Z-0001', 'copy', now(), now(),
  '[{"status": "warning", "object_type": "t", "object": "o", "check_name": "c"}, {"status": "passed", "check_name": "verdict"}]') AS verification \gset
SELECT dr_restore_finish(:restore, 'complete', verification => :verification);
SELECT dr_event_record('info', 'note', 'by hand', '{"a": 1}', 'shop') AS event \gset
SELECT dr_verification_document(:verification) AS v, dr_restore_document(:restore) AS r, dr_event_document(:event) AS e \gset
SELECT dr_verification_document(0) IS NULL;
-- Known already.
SELECT dr_verification_import(:'v') = :verification, dr_restore_import(:'r') = :restore, dr_event_import(:'e') = :event;
-- Into a catalog that lost them.
DELETE FROM dr.restores;
DELETE FROM dr.verifications;
DELETE FROM dr.events;
SELECT dr_verification_import(:'v') AS verification, dr_restore_import(:'r') AS restore, dr_event_import(:'e') AS event \gset
SELECT dr_verification_document(:verification) = :'v'::jsonb, dr_restore_document(:restore) = :'r'::jsonb, dr_event_document(:event) = :'e'::jsonb;
SELECT dr_verification_import(:'v') = :verification, dr_restore_import(:'r') = :restore, dr_event_import(:'e') = :event;
SELECT omitted, restored FROM dr.verifications;
SELECT actual IS NOT NULL FROM dr_status() WHERE objective = 'verified_age';
-- A mark in a repository has no uuid: the verification that left it is the same one, and of a lost one it is all there is.
SELECT dr_verification_import(jsonb_build_object('label', '20261121T020000Z-0001', 'target', 'unknown', 'passed', true, 'verdict', 'restored',
  'finished_at', (SELECT finished_at + interval '2 seconds' FROM dr.verifications))) = :verification AS same;
SELECT dr_verification_import(jsonb_build_object('label', '20261121T020000Z-0001', 'target', 'unknown', 'passed', true, 'verdict', 'restored',
  'finished_at', '2026-11-25T00:00:00Z')) AS mark \gset
SELECT dr_verification_import(jsonb_build_object('label', '20261121T020000Z-0001', 'target', 'unknown', 'passed', true, 'verdict', 'restored',
  'finished_at', '2026-11-25T00:00:00Z')) = :mark AS same;
SELECT uuid FROM dr.verifications WHERE id = :mark;
-- Rows without a given uuid have one by their content, whatever the session's settings.
INSERT INTO dr.events (at, severity, kind, message, detail) VALUES ('2026-11-25 00:00:00.000001+00', 'info', 'note', 'grüße', '{"b": 2, "a": [1]}');
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'SQL, DMY';
INSERT INTO dr.events (at, severity, kind, message, detail) VALUES ('2026-11-25 00:00:00.000001+00', 'info', 'note', 'grüße', '{"b": 2, "a": [1]}');
INSERT INTO dr.events (at, severity, kind, message, detail) VALUES ('infinity', 'info', 'note', 'late', '{}');
RESET ALL;
SELECT uuid, count(*) FROM dr.events WHERE given_uuid IS NULL GROUP BY 1 ORDER BY 2 DESC;
-- Everything not ours is hostile input.
\set VERBOSITY terse
SELECT dr_verification_import(NULL);
SELECT dr_verification_import('[]');
SELECT dr_verification_import('{"label": "20261121T020000Z-0001"}');
SELECT dr_verification_import(:'v'::jsonb || '{"passed": "yes"}');
SELECT dr_verification_import(:'v'::jsonb || '{"label": "../etc"}');
SELECT dr_verification_import(:'v'::jsonb || '{"uuid": "x"}');
SELECT dr_verification_import(:'v'::jsonb || '{"uuid": "00000000-0000-0000-0000-000000000009", "problems": 3}');
SELECT dr_restore_import(:'r'::jsonb || '{"state": "running"}');
SELECT dr_restore_import(:'r'::jsonb || '{"label": "20261121T020000Z-9999"}');
SELECT dr_event_import(:'e'::jsonb || '{"uuid": "00000000-0000-0000-0000-000000000009", "kind": "Drop Table"}');
SELECT dr_event_import(:'e'::jsonb || '{"message": {"a": 1}}');
