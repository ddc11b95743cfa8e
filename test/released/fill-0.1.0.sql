-- At least one row in every table of 0.1.0's catalog, by its own functions, in every state that it knows.
SELECT dr_backup_start('20261101T020000Z-0001', 'shop');
SELECT dr_backup_finish('20261101T020000Z-0001', dr_snapshot_counts('x', true), clock_timestamp(), now(),
  '{"label": "20261101T020000Z-0001"}');
SELECT dr_copy_record('20261101T020000Z-0001', 'local', 'shop/x', 'complete', 1);
SELECT dr_copy_record('20261101T020000Z-0001', 'offsite', 'shop/x', 'damaged', 1, error => 'bytes differ');
SELECT dr_backup_start('20261102T020000Z-0002', 'shop');
SELECT dr_backup_fail('20261102T020000Z-0002', 'disk full');
SELECT dr_backup_start('20261103T020000Z-0003', 'shop');
SELECT dr_backup_finish('20261103T020000Z-0003', dr_snapshot_counts('y', true), clock_timestamp(), now(),
  '{"label": "20261103T020000Z-0003"}', 'partial');
SELECT dr_copy_record('20261103T020000Z-0003', 'local', 'shop/y', 'missing');
SELECT dr_backup_import('{"format": "pgdr-manifest", "version": 1, "label": "20261030T020000Z-1111", "set": "shop", "kind": "full",
  "started_at": "2026-10-30T02:00:00Z", "finished_at": "2026-10-30T02:01:00Z", "recovery_point": "2026-10-30T02:00:01Z"}', 'local', 'z');
SELECT dr_backup_start('20261104T020000Z-0004', 'shop');
SELECT dr_restore_start('20261101T020000Z-0001', 'copy');
SELECT dr_restore_finish(1, 'complete', verification => dr_verification_record('20261101T020000Z-0001', 'copy', now(), now(),
  '[{"status": "warning", "object_type": "t", "object": "o", "check_name": "c"}, {"status": "passed", "check_name": "verdict"}]'));
SELECT dr_restore_start('20261101T020000Z-0001', 'second');
SELECT dr_restore_finish(2, 'failed', error => 'no room');
SELECT dr_restore_start('20261101T020000Z-0001', 'third');
SELECT dr_verify_against(current_database());
SELECT dr_objective_set('rpo', '1 hour');
SELECT dr_objective_set('verified_age', NULL);
SELECT dr_event_record('info', 'note', 'by hand');
