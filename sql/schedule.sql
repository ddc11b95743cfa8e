-- dr_schedule_snapshots and dr_unschedule_snapshots where pg_cron is missing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

SELECT dr_schedule_snapshots('0 * * * *');
\echo :SQLSTATE
SELECT dr_schedule_snapshots('0 * * * *', content => true);
SELECT dr_unschedule_snapshots();
\echo :SQLSTATE
SELECT dr_schedule_snapshots('');
\echo :SQLSTATE
SELECT dr_schedule_snapshots(NULL);
SELECT dr_schedule_snapshots('0 * * * *', NULL);
