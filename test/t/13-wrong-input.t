#!/usr/bin/env bash
# What a tired operator types, and what is not as it should be: each says what happened and what to do next, in JSON as well.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository

# --- commands within commands -----------------------------------------------------------------------------------------------
exit_is 2 pgdr schedule print crom
like "$err" 'no command "pgdr schedule print crom".*did you mean "pgdr schedule print cron"' 'the nearest of a command below others'
exit_is 2 pgdr key rotaet
like "$err" 'did you mean "pgdr key rotate"' 'and of the next'
exit_is 2 pgdr schedule print
like "$err" 'needs one of: cron, systemd' 'what is missing is listed'
exit_is 2 pgdr schedule frobnicate
like "$err" 'there are: print' 'so is what there is, where nothing is near'

# --- JSON, whatever happens --------------------------------------------------------------------------------------------------
json_error() { # json_error CODE ARGS…: standard output is one document with the error
  local want=$1
  shift
  exit_is "$want" pgdr "$@"
  is "$(jq -r '"\(.error.exit_code) \(.error.message | length > 10)"' <<<"$out" 2>&1)" "$want true" "and a document: ${*: -3}"
}
json_error 2 --json statsu
json_error 2 --json backup --set shpo
json_error 10 --json show 1999
json_error 2 keep latest --json
json_error 12 --json verify --deep --identity "$T/none"
exit_is 10 pgdr verify --json
is "$(jq -r .error.hint <<<"$out")" 'pgdr backup' 'with the hint'

# --- names --------------------------------------------------------------------------------------------------------------------
for command in 'verify --repository locla' 'copy --to locla' 'expire --repository locla' 'keep --forever latest --repository locla'; do
  # shellcheck disable=SC2086
  exit_is 2 pgdr $command
  like "$err" 'no repository "locla".*did you mean "local".*repositories: local' 'the nearest repository, and all'
done
exit_is 0 pgdr backup
label=$(ls "$REPO/shop")
exit_is 10 pgdr show ltest
like "$err" 'did you mean latest' 'a label, too'
exit_is 2 pgdr restore latest --to "$(printf 'n%.0s' {1..64})"
like "$err" 'too long .*63 bytes' 'a name that the server would cut off is refused'
is "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname ~ '^nnn'")" 0 'and nothing made'
sql postgres 'CREATE ROLE reader LOGIN IN ROLE pg_read_all_data'
exit_is 1 pgdr restore latest --to "postgresql://reader@/other?host=$PGHOST"
like "$err" 'may not create databases.*connect as a superuser' 'a role that may not restore: who may'
unlike "$err" 'lists what a backup needs' 'not what a backup needs'

# --- what is there already -----------------------------------------------------------------------------------------------------
exit_is 0 pgdr copy latest
like "$out" 'present' 'the only copy of a backup is no missing one'
exit_is 2 pgdr init --set shop --repository "$T/second"
like "$err" "does not use $T/second.*add a \[repository" 'init does not pass over a repository that the set lacks'
not_ok 'nor makes it' test -e "$T/second"
exit_is 0 pgdr init --set shop --repository "$REPO"

# --- keep ----------------------------------------------------------------------------------------------------------------------
exit_is 2 pgdr keep latest --until tomorrow
like "$err" "'tomorrow' is not a time.*a day, 2027-06-30" 'how to write a day'
exit_is 2 pgdr keep latest --until 2027-02-30
like "$err" "'2027-02-30' is not a time" 'what was typed is what is told'
exit_is 0 pgdr keep latest --until '2037-01-01 03:00'
touch "$REPO/shop/pins.away" && mv "$REPO/shop/pins" "$T/pins" && mv "$REPO/shop/pins.away" "$REPO/shop/pins"
exit_is 1 pgdr keep latest --forever
like "$err" 'error: repository local' 'a pin that could not be set anywhere is a failure, not a part'
rm "$REPO/shop/pins" && mv "$T/pins" "$REPO/shop/pins"
mv "$REPO/shop/$label" "$T/gone"
exit_is 0 pgdr keep "$label" --release
like "$out" 'released' 'the pin of a backup that is gone can be released'
exit_is 10 pgdr keep "$label" --release
like "$err" 'nor a pin of that name' 'once'

# --- standard output that is gone -----------------------------------------------------------------------------------------------
"$PGDR_BIN" --config "$CONFIG" backup >/dev/full 2>"$T/err"
is $? 1 'a report that could not be written'
like "$(cat "$T/err")" 'what the command did is done' 'says that the backup is there'
done_testing
