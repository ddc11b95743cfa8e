# For the tests with a hostile owner: source it after lib.sh.
#
#   start_hostile                a cluster, the roles hostile (owner of database trap), pgdr_backup, pgdr_monitor; database hub with pgdr
#   hostile 'SQL'                run in trap as hostile
#   trapped                      sets $ran to what ran since the last call, one `what as whom` a line
#   only_as_owner NAME           what ran since the last call ran as hostile, and nothing was gained
#   in_the_way 'SQL' VICTIM…     hostile runs SQL in a transaction; the command VICTIM… starts and waits for its lock; then it commits.
#                                Sets $code and $out of the victim.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # from and for the tests

seen=0
ran=''

start_hostile() {
  start_cluster main max_parallel_workers=4 "$@"
  gained=$T/main/gained
  [ "$(id -u)" != 0 ] || chown "$(stat -c %U "$T/main/data")" "$T/main"
  sql postgres 'CREATE ROLE hostile LOGIN; CREATE ROLE pgdr_backup LOGIN BYPASSRLS; CREATE ROLE pgdr_monitor LOGIN;
                GRANT pg_read_all_data TO pgdr_backup'
  createdb -O hostile trap && createdb hub && sql hub 'CREATE EXTENSION pgdr' || die 'the databases are made'
  PGUSER=hostile psql -XAtq -v ON_ERROR_STOP=1 -v gained="$gained" -d trap -f "$top/test/t/hostile-note.sql" >/dev/null || die 'the traps can be laid'
}

hostile() { PGUSER=hostile sql trap "$1"; }

trapped() {
  ran=$(server_log | tail -c +$((seen + 1)) | grep -oE 'LOG:  TRAPPED .* as [a-z_]+( at character [0-9]+)?$' |
    sed -E 's/^LOG:  TRAPPED //; s/ at character [0-9]+$//' | sort -u)
  seen=$(server_log | wc -c)
}

only_as_owner() {
  trapped
  is "$(grep -vE ' as hostile$' <<<"$ran")" '' "$1: nothing ran as anybody but the owner"
  [ ! -e "$gained" ] && pass "$1: nothing was gained" || fail "$1: nothing was gained" "$(cat "$gained")"
  rm -f "$gained"
}

in_the_way() {
  local statements=$1 victim
  shift
  rm -f "$T/way"
  mkfifo "$T/way"
  PGUSER=hostile PGAPPNAME=way psql -XAtq -v ON_ERROR_STOP=1 -d trap <"$T/way" >/dev/null 2>"$T/way.err" &
  local way=$!
  pids+=("$way")
  exec 9>"$T/way"
  echo "BEGIN; $statements;" >&9
  await "[ \"\$(sql postgres \"SELECT state FROM pg_stat_activity WHERE application_name = 'way'\")\" = 'idle in transaction' ]" 20 ||
    die 'the trap is laid' "$(cat "$T/way.err")"
  ("$@" >"$T/victim.out" 2>&1) &
  victim=$!
  pids+=("$victim")
  await "[ \"\$(sql postgres \"SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'\")\" = t ] || ! kill -0 $victim 2>/dev/null" 30
  if kill -0 $victim 2>/dev/null; then pass "it waits: $*"; else fail "it waits: $*" "$(cat "$T/victim.out")"; fi
  echo 'COMMIT;' >&9
  exec 9>&-
  wait "$way"
  wait "$victim"
  code=$?
  out=$(cat "$T/victim.out")
}
