#!/usr/bin/env bash
# The catalog is part of the database: pg_dump and pg_restore carry every row, and the copy goes on counting where the source was.
needs_parts=${needs_parts:-yes}
. "$(dirname "$0")/lib.sh"

start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr' || die 'the extension is created'
sql shop "
  SELECT dr_backup_start('20261101T020000Z-0001', 'shop');
  SELECT dr_backup_finish('20261101T020000Z-0001', dr_snapshot_counts('x', true), clock_timestamp(), now(), '{\"label\": \"20261101T020000Z-0001\"}');
  SELECT dr_copy_record('20261101T020000Z-0001', 'local', 'shop/x', 'complete', 1);
  SELECT dr_backup_start('20261102T020000Z-0002', 'shop');
  SELECT dr_backup_fail('20261102T020000Z-0002', 'disk full');
  SELECT dr_restore_start('20261101T020000Z-0001', 'copy');
  SELECT dr_restore_finish(1, 'complete', verification => dr_verification_record('20261101T020000Z-0001', 'copy', now(), now(),
    '[{\"status\": \"warning\", \"object_type\": \"t\", \"object\": \"o\", \"check_name\": \"c\"}, {\"status\": \"passed\", \"check_name\": \"verdict\"}]'));
  SELECT dr_objective_set('rpo', '1 hour');
  SELECT dr_objective_set('verified_age', NULL);
  SELECT dr_snapshot_counts('y', true);
" >/dev/null || die 'the catalog is filled'

tables="$(sql shop "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'dr'::regnamespace AND relkind = 'r'")"
for table in $tables; do
  isnt "$(sql shop "SELECT count(*) FROM dr.$table")" 0 "there is something in dr.$table to carry"
done

for options in '-Fc' '-Fc --inserts' '-Fd -j 2'; do
  createdb copy
  # shellcheck disable=SC2086
  exit_is 0 pg_dump $options -f "$T/dump" shop
  exit_is 0 pg_restore --exit-on-error -d copy "$T/dump"
  is "$err" '' "pg_dump $options: the restore says nothing"
  for table in $tables; do
    is "$(sql copy "SELECT md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM dr.$table AS t")" \
      "$(sql shop "SELECT md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM dr.$table AS t")" "pg_dump $options: dr.$table is the same"
  done
  is "$(sql copy "SELECT string_agg(objective || ' ' || target, ', ' ORDER BY objective) FROM dr_status() WHERE target IS NOT NULL")" \
    'checked_age 35 days, copies 1, rpo 1 hour' "pg_dump $options: objectives set, removed and left alone are as they were"
  is "$(sql copy "SELECT dr_backup_start('20261103T020000Z-0003', 'shop')")" 3 "pg_dump $options: numbers go on"
  is "$(sql copy 'SELECT dr_snapshot_counts()')" 3 "pg_dump $options: snapshots too"
  is "$(sql copy "SELECT dr_event_record('info', 'x', 'y') > (SELECT max(id) FROM dr.events)")" t "pg_dump $options: events too"
  is "$(sql copy "SELECT dr_snapshot_document(1)::text")" "$(sql shop "SELECT dr_snapshot_document(1)::text")" \
    "pg_dump $options: the snapshot document is the same"
  dropdb copy
  rm -rf "$T/dump"
done

# Parts of the catalog refer to one another, and a parallel pg_restore loads them in any order. Also on top of what is there, without triggers.
exit_is 0 pg_dump -Fd -j 2 -f "$T/dump" shop
for round in 1 2 3 4 5 6; do
  createdb copy
  exit_is 0 pg_restore -j 4 -d copy "$T/dump"
  is "$err" '' "parallel, round $round: the restore says nothing"
  dropdb copy
done
pg_restore -l "$T/dump" | grep 'TABLE DATA' | sort -r >"$T/reversed"
for options in '' '--disable-triggers'; do
  createdb copy
  sql copy 'CREATE EXTENSION pgdr' || die 'the extension is created'
  # shellcheck disable=SC2086
  exit_is 0 pg_restore --data-only --exit-on-error $options -L <(grep ' dr ' "$T/reversed") -d copy "$T/dump"
  is "$err" '' "rows alone, backwards $options: the restore says nothing"
  is "$(sql copy "SELECT md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM dr.restores AS t")" \
    "$(sql shop "SELECT md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM dr.restores AS t")" "rows alone, backwards $options: all there"
  like "$(sql copy "DELETE FROM dr.backups" 2>&1)" 'refers to it' "rows alone, backwards $options: what is proven is guarded"
  dropdb copy
done
rm -rf "$T/dump"

is "$(sql shop 'DROP EXTENSION pgdr; SELECT count(*) FROM pg_namespace WHERE nspname = '"'dr'")" 0 'DROP EXTENSION leaves nothing'
done_testing
