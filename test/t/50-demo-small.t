#!/usr/bin/env bash
# The main loop on the fixture database: back up under load, restore, prove; then damage, and see it named.
. "$(dirname "$0")/lib.sh"

start_cluster
make_db shop 500
make_key
exit_is 0 pgdr --config "$CONFIG" init --yes --database shop --repository "$REPO" --recipient "$RECIPIENT"

start_writers shop 2
written() { sql shop 'SELECT count(*) FROM writes_done'; }
await '[ "$(written)" -gt 20 ]' 30 'the writers write'
before=$(written)
exit_is 0 pgdr backup
after=$(written)
ok 'they wrote during the backup' test "$after" -gt "$before"
exit_is 0 pgdr verify --deep latest
exit_is 0 pgdr restore latest --to shop_restore
await '[ "$(written)" -gt $((after + 20)) ]' 30 'the source moves on'
stop_writers

verdict() { # the verdict's status, and the problems; also in $findings
  findings=$(sql shop "SELECT status, object_type, object, check_name FROM dr_verify_against('shop_restore')") || die 'dr_verify_against runs'
  tail -1 <<<"$findings"
}
problems() { grep -E '^(missing|extra|mismatch)' <<<"$findings"; }

like "$(verdict)" '^passed\|database\|shop_restore\|verdict$' 'the restored database is what was backed up'
verdict >/dev/null
is "$(problems)" '' 'without a problem'
is "$(sql shop "SELECT count(*) > 0 AND bool_and(passed) FROM dr.verifications WHERE target = 'shop_restore'")" t 'recorded as passed'

# damaged SQL REGEX NAME: that damage alone is named by a finding like REGEX; then it is undone by restoring once more.
damaged() {
  sql shop_restore "$1" >/dev/null || die "damage: $3"
  verdict >/dev/null
  like "$(tail -1 <<<"$findings")" '^failed' "$3: failed"
  like "$(problems)" "$2" "$3: named"
}
fresh() {
  sql postgres 'DROP DATABASE shop_restore' && pgdr restore latest --to shop_restore --no-verify >/dev/null 2>"$T/.err" ||
    die 'another restore' "$(cat "$T/.err")"
}
damaged "UPDATE documents SET body = overlay(body PLACING '~' FROM 3 FOR 1) WHERE id = md5('5')::uuid" \
  'mismatch\|[^|]*\|[^|]*documents' 'one changed character'
fresh
damaged 'DELETE FROM events_2025 WHERE id = (SELECT min(id) FROM events_2025)' 'mismatch\|[^|]*\|[^|]*events_2025' 'one deleted row'
fresh
damaged "INSERT INTO empty_table VALUES (1, 'x')" 'mismatch\|[^|]*\|[^|]*empty_table' 'one extra row'
fresh
damaged 'DROP INDEX documents_owner_idx' 'missing\|index\|[^|]*documents_owner_idx' 'a dropped index'
fresh
damaged 'ALTER TABLE users DISABLE TRIGGER users_touch' 'mismatch\|trigger\|[^|]*users_touch' 'a disabled trigger'
fresh
damaged 'DROP POLICY own_rows ON documents' 'missing\|policy\|[^|]*own_rows' 'a dropped policy'
verdict >/dev/null
fresh
like "$(verdict)" '^passed' 'an undamaged restore passes again'

exit_is 5 pgdr restore latest --to shop_restore
exit_is 0 pgdr list
like "$out" '[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}' 'the backup is listed'
capture pgdr status
like "$out" 'rpo' 'status shows the objectives'
done_testing
