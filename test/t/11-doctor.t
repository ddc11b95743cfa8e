#!/usr/bin/env bash
# pgdr doctor, status and snapshot against a real server.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 50
make_key one
first=$RECIPIENT
make_key two
unset PGDR_IDENTITY
exit_is 0 pgdr --config "$CONFIG" init --database shop --repository "$REPO" --recipient "$first" --recipient "$RECIPIENT"
verdict() { pgdr --json doctor | jq -r --arg name "$1" '.sets[0].checks[] | select(.name == $name) | .verdict'; }

exit_is 0 pgdr doctor
unlike "$out" 'FAIL' 'nothing fails on a fresh set-up'
like "$out" 'newest backup +there is none yet' 'no backup yet is a warning'
is "$(find "$REPO" -type f ! -name '.lock*' | wc -l)" 1 'doctor leaves nothing behind in the repository'
for check in connection server pg_dump pg_restore pg_dumpall psql extension rights 'row security' 'large objects' globals \
  configuration 'repository local' encryption identity signing clock 'worker slots' pg_cron; do
  is "$(verdict "$check")" ok "$check is in order"
done

# --- a role with too few rights ------------------------------------------------------------------------------------------
sql postgres 'CREATE ROLE modest LOGIN'
sql shop 'CREATE TABLE guarded (a int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; GRANT SELECT ON guarded TO modest'
sql shop "SELECT lo_from_bytea(0, 'x')" >/dev/null
export PGUSER=modest
exit_is 1 pgdr doctor
like "$out" 'FAIL\] +extension .*modest' 'the right to record is missing'
like "$out" 'FAIL\] +rights' 'tables cannot be read'
like "$out" 'GRANT pg_read_all_data TO "modest"' 'with the remedy'
like "$out" 'FAIL\] +row security .*public\.guarded' 'row security names the table'
like "$out" 'FAIL\] +large objects' 'large objects are looked at'
export PGUSER=postgres
sql shop "GRANT pg_read_all_data TO modest; ALTER ROLE modest BYPASSRLS; SELECT dr_grant('modest', 'backup')" >/dev/null
sql shop "SELECT lo_unlink(oid) FROM pg_largeobject_metadata" >/dev/null
export PGUSER=modest
exit_is 0 pgdr doctor
unlike "$out" 'FAIL' 'the rights that the remedies name are enough'
exit_is 0 pgdr snapshot
exit_is 0 pgdr status
export PGUSER=postgres

# --- keys and repository -------------------------------------------------------------------------------------------------
PGDR_IDENTITY=$IDENTITY exit_is 0 pgdr doctor
like "$out" 'warn\] +identity +the private key is on this host' 'a private key on this host is a warning'
make_key stranger
PGDR_IDENTITY=$IDENTITY exit_is 12 pgdr doctor
unset PGDR_IDENTITY
like "$out" 'opens none' 'a key that fits nothing fails'
chmod 755 "$REPO"
is "$(verdict 'repository local')" warn 'an open repository is a warning'
chmod 700 "$REPO"
mv "$REPO" "$REPO.away"
exit_is 10 pgdr doctor
mv "$REPO.away" "$REPO"
fault_program pg_dump --exit 1 --when .
exit_is 1 pgdr doctor
like "$out" 'FAIL\] +try pg_dump' 'a pg_dump that would fail is found by trying'
clear_faults
sed -i "s|^trusted = .*|trusted = [\"ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]|" "$CONFIG"
exit_is 2 pgdr doctor
like "$out" 'FAIL\] +signing' 'an own key that is not trusted fails'

# --- several sets: each is looked at -------------------------------------------------------------------------------------
createdb second
exit_is 0 pgdr init --database second
is "$(pgdr --json doctor | jq -r '[.sets[].set] | join(" ")')" 'second shop' 'without --set every set is checked'
is "$(pgdr --json doctor --set second | jq -r '[.sets[].set] | join(" ")')" 'second' 'with it, one'
is "$(pgdr --json status | jq -r '[.sets[].set] | join(" ")')" 'second shop' 'status: the same'
is "$(pgdr --json status --set shop | jq -r '.sets[0].objectives[] | select(.objective == "rpo") | .state')" critical \
  'without a backup the recovery point objective is missed'

# --- snapshot ------------------------------------------------------------------------------------------------------------
exit_is 0 pgdr snapshot --set shop --content --label before-the-change
like "$out" 'before-the-change' 'the label is shown'
is "$(pgdr --json snapshot --set shop | jq -r .rows)" \
  "$(sql shop "SELECT sum((xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %s', oid::regclass), false, true, '')))[1]::text::bigint)
               FROM pg_class WHERE relkind IN ('r', 'm') AND relpersistence <> 't' AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_|^dr\$|^information_schema\$')")" \
  'snapshot counts the rows that count(*) counts'

stop_cluster
exit_is 4 pgdr doctor --set shop
like "$out" 'ok\] +repository local' 'without a server the rest is still checked'
exit_is 4 pgdr status --set shop
done_testing
