#!/usr/bin/env bash
# Labels sort as their backups were begun: "newest" is never chance.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 3
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository

for _ in 1 2 3 4 5 6; do exit_is 0 pgdr --quiet backup; done
begun=$(sql shop "SELECT string_agg(label, ' ' ORDER BY id) FROM dr.backups")
sorted=$(tr ' ' '\n' <<<"$begun" | LC_ALL=C sort | paste -sd' ')
is "$begun" "$sorted" 'six backups in a row sort as they were begun'
exit_is 0 pgdr restore latest --to newest
like "$out" "${begun##* }" 'latest is the last one'

# A host's clock that was ahead once, or is behind now.
sql shop "SELECT dr.backup_start('20991231T000000Z-0000', 'shop', 'full', '2099-12-31 UTC'::timestamptz)" >/dev/null
sql shop "SELECT dr.backup_fail('20991231T000000Z-0000', 'clock')" >/dev/null
exit_is 0 pgdr backup
like "$err" "clock is behind backup 20991231T000000Z-0000" 'a clock that is behind is told'
exit_is 0 pgdr backup
is "$(sql shop "SELECT count(*) FROM dr.events WHERE kind = 'clock_behind'")" 1 'and recorded once'

done_testing
