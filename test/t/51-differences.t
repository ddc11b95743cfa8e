#!/usr/bin/env bash
# pgdr differences: the rows of a restored table that differ from the source's, and its exit codes.
. "$(dirname "$0")/lib.sh"

start_cluster
sql postgres 'CREATE DATABASE shop' >/dev/null
sql shop "CREATE EXTENSION pgdr; CREATE TABLE item (id int PRIMARY KEY, name text);
  INSERT INTO item SELECT i, 'item ' || i FROM generate_series(1, 1000) AS i" >/dev/null
write_config shop
sql postgres 'CREATE DATABASE copy TEMPLATE shop' >/dev/null

exit_is 0 pgdr differences copy public.item
is "$out" 'no row differs' 'a copy does not differ'

sql copy "DELETE FROM item WHERE id = 42; UPDATE item SET name = 'other' WHERE id = 43;
  INSERT INTO item VALUES (2000, E'new\\x1b[2J')" >/dev/null
exit_is 9 pgdr differences copy public.item
like "$out" 'missing +\(id\)=\(42\) +id=42, name=item 42' 'a missing row is named'
like "$out" 'changed +\(id\)=\(43\) +name +item 43 +other' 'a changed column is named, with both values'
like "$out" 'extra +\(id\)=\(2000\)' 'an extra row is named'
unlike "$out" $'\x1b' 'values do not drive the terminal'

exit_is 9 pgdr differences copy public.item --max-rows 1
like "$out" '3 rows differ, of which 1 are named' 'more rows than named are counted'
exit_is 9 pgdr --json differences copy public.item
is "$(jq -r '[.equal, (.differences | length), .differences[0].key] | join(" ")' <<<"$out")" 'false 3 (id)=(42)' 'JSON has the same'

# After an accident in the source: a real backup, restored beside it, says what the source lost since.
exit_is 0 pgdr init --yes
exit_is 0 pgdr backup
exit_is 0 pgdr restore latest --to rescue
sql shop "DELETE FROM item WHERE id IN (7, 8); UPDATE item SET name = 'newer' WHERE id = 9; INSERT INTO item VALUES (3000, 'since')" >/dev/null
exit_is 9 pgdr differences rescue public.item
like "$out" 'gone +\(id\)=\(7\) +id=7, name=item 7' 'a row that the source lost since the backup is named'
like "$out" 'changed since +\(id\)=\(9\) +name' 'a row that the source changed since is named'
unlike "$out" '(missing|extra) ' 'nothing is wrong in the copy'
exit_is 0 pgdr differences rescue public.item --question copy
exit_is 9 pgdr differences rescue public.item --question source
is "$(grep -c '^gone' <<<"$out")" 2 'asked for alone, too'
exit_is 2 pgdr differences rescue public.item --question nobody
like "$err" 'copy' 'a question that does not exist: the valid ones are told'

exit_is 1 pgdr differences copy public.nothing
like "$err" 'does not exist in this database' 'a table that is not there is an error'
exit_is 1 pgdr differences nowhere public.item
exit_is 2 pgdr differences copy
exit_is 2 pgdr differences copy public.item --max-rows 0

# A worker that waits, is cancelled with its leader, and leaves nothing behind.
background sql copy 'BEGIN; LOCK TABLE item; SELECT pg_sleep(60)'
await "[ \"\$(sql copy \"SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'item'::regclass\")\" = 1 ]" 20
try_sql shop "SET statement_timeout = '500ms'; SELECT * FROM dr_differences('copy', 'public.item')"
like "$err" '57014' 'the timeout takes effect while the worker waits for a lock'
await "[ \"\$(sql postgres \"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pgdr'\")\" = 0 ]" 5 'no worker is left'
try_sql shop "SELECT * FROM dr_differences('copy', 'public.item')"
like "$err" '55P03.*could not obtain a lock on relation "item"' 'a table that is locked for long is an error, and nobody queues behind the worker'
done_testing
