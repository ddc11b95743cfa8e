#!/usr/bin/env bash
# Names and messages that would drive a terminal, hide, reorder or forge lines reach nobody as they are: not standard output, not
# standard error (which is the journal and the mail of a timer), not JSON.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository
printf '[restore]\nidentity_file = "%s"\n' "$IDENTITY" >>"$CONFIG"

# ESC and BEL (a window's title), a line of its own, right-to-left override, CSI as U+009B, a zero-width space, a line separator
evil=$'t\e]0;owned\a\npgdr: backup complete\xe2\x80\xaegpj\xc2\x9b31m\xe2\x80\x8b\xe2\x80\xa8x'
clean() { # clean NAME: nothing of that kind is in $out or $err
  local bad
  bad=$(printf '%s\n%s\n' "$out" "$err" | perl -0777 -ne '
    my $n = 0;
    utf8::decode(my $text = $_) or $n++;
    $n++ while $text =~ /[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{ad}\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}]/g;
    $n++ while $text =~ /^(?:pgdr: )?backup complete/mg;
    $n++ while $text =~ /^pgdr: backup complete/mg;
    print $n')
  is "$bad" 0 "$1"
}
sql shop "CREATE TABLE \"$evil\" (id integer PRIMARY KEY, \"$evil\" text); INSERT INTO \"$evil\" VALUES (1, 'x'), (2, 'y')"
sql shop "CREATE SCHEMA \"s$evil\"; CREATE VIEW \"s$evil\".\"$evil\" AS SELECT 1 AS \"$evil\""
sql shop "COMMENT ON TABLE \"$evil\" IS 'c$evil'"
sql shop "CREATE FUNCTION loud(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS \$f\$ BEGIN IF current_setting('shop.loud', true) = 'on' THEN RAISE EXCEPTION USING MESSAGE = 'boom $evil', HINT = 'hint $evil'; END IF; RETURN true; END \$f\$"

for verbosity in --quiet --verbose; do
  exit_is 0 pgdr $verbosity backup
  clean "backup $verbosity"
done
label=$(sql shop 'SELECT label FROM dr.backups ORDER BY id DESC LIMIT 1')
exit_is 0 pgdr list
clean list
exit_is 0 pgdr show --identity "$IDENTITY"
like "$out" '\\x1B]0;owned\\x07\\npgdr: backup complete\\u202Egpj\\u009B31m\\u200B\\u2028x' 'show shows the name, visibly'
clean show
exit_is 0 pgdr --json show --identity "$IDENTITY"
clean 'show as JSON'
is "$(jq -r --arg name "$evil" '.tables[] | select(.name == $name) | .rows' <<<"$out")" 2 'from which the very name comes out'
exit_is 0 pgdr verify --deep --identity "$IDENTITY"
clean verify
exit_is 0 pgdr --verbose restore latest --to copy_one
clean restore
sql copy_one "UPDATE \"$evil\" SET \"$evil\" = 'z' WHERE id = 2; COMMENT ON TABLE \"$evil\" IS 'other'"
exit_is 9 pgdr differences copy_one "public.\"$evil\""
clean differences
exit_is 9 pgdr --json differences copy_one "public.\"$evil\""
clean 'differences as JSON'
capture pgdr doctor
clean doctor
capture pgdr status
clean status

# what failed runs left in the catalog, and errors of the server
sql shop "SELECT dr_event_record('error', 'backup_failed', 'because $evil', set_name => 'shop')" >/dev/null
sql shop "SELECT dr_backup_start('20990101T000000Z-00ff', 'shop', 'full', now(), '{}')" >/dev/null
sql shop "SELECT dr_backup_fail('20990101T000000Z-00ff', 'boom $evil')" >/dev/null
capture pgdr list
like "$err" 'boom t\\x1B' 'the reason of a failed run is told'
clean 'list with a failed run'
capture pgdr differences copy_one "$evil"
isnt "$code" 0 'there is no such relation'
clean 'an error of the server that quotes a name'

# what stands on the command line or in a file comes back in messages
for command in "show $evil" "verify $evil" "restore $evil --to x"; do
  read -ra first <<<"${command%%"$evil"*}"
  capture pgdr "${first[@]}" "$evil"
  isnt "$code" 0 "no such backup: ${first[*]}"
  clean "${first[*]}"
done
capture pgdr "$evil"
is "$code" 2 'no such command'
clean 'an unknown command'
capture pgdr list "--$evil"
is "$code" 2 'no such option'
clean 'an unknown option'
cp "$CONFIG" "$T/good.toml"
printf '"bad\\u001b[2J\\u202e" = 1\n' | cat - "$T/good.toml" >"$CONFIG"
capture pgdr list
is "$code" 2 'an unknown key'
clean 'a name in the configuration'
cp "$T/good.toml" "$CONFIG"

# bytes that are no UTF-8, in a repository
sed -i 's/"database": "shop"/"database": "sh\x9b31mop\xff"/' "$REPO/shop/$label/manifest.json"
capture pgdr list
clean 'a manifest with bytes that are no UTF-8: list'
capture pgdr show "$label"
clean 'show'
sed -i 's/"kind": "full"/"kind": "full\\u001b[2J\\u009b"/' "$REPO/shop/"*/manifest.json
capture pgdr show
clean 'and with escapes of JSON'
capture pgdr catalog rebuild
clean 'in an error of the catalog'
done_testing
