# End-to-end test library (bash, TAP for `prove`).
#
#   #!/usr/bin/env bash
#   . "$(dirname "$0")/lib.sh"
#   start_cluster                        # a private server of this file's own; PGHOST … are exported
#   make_db shop 200                     # a small database with a varied schema
#   write_config shop                    # $CONFIG: one set `shop`, a local repository, an age key made by age-keygen
#   exit_is 0 pgdr backup                # runs the tool; its output is then in $out and $err
#   like "$out" 'complete' 'the backup is reported'
#   is "$(sql shop 'SELECT count(*) FROM users')" 200 'all users are there'
#   done_testing
#
# Run one file with `prove -v test/t/NN-name.t`, all with `make check-e2e`. Every file runs alone, in any order, beside others;
# whatever it starts is stopped and whatever it writes (all in $T) is removed when it ends, however it ends. KEEP=1 keeps $T.
#
# Environment: PGDR_BIN (the tool), PGDR_PGROOT (private PostgreSQL tree with the extension, see script/pg-private). Unset, both
# are built and found under build/.
#
# Assertions   pass NAME · fail NAME [WHY] · ok NAME CMD… · not_ok NAME CMD… · is GOT EXPECTED NAME · isnt GOT UNEXPECTED NAME
#              like TEXT REGEX NAME · unlike TEXT REGEX NAME · exit_is CODE CMD… (sets $out $err $code; the command names the
#              test) · await 'CONDITION' SECONDS [NAME] (evaluated until it holds; a test when NAME is given)
# Plan         done_testing at the end, or plan N at the start · skip_all WHY · skip WHY N · die WHY
# Server       start_cluster [NAME [--fresh] [SETTING=VALUE…]] · use_cluster NAME · stop_cluster/restart_cluster [NAME]
#              sql DB QUERY (unaligned, tuples only, stops on error) · sql_file DB FILE · try_sql DB QUERY (message on failure in
#              $err, SQLSTATE first; sets $out $code) · background CMD… ($! as usual; killed at the end) ·
#              start_writers DB [N] · stop_writers (writes on make_db's tables until stopped)
# Tool         pgdr ARGS… (with --config $CONFIG if that file is there) · write_config DB [SET] · make_repository [FOLDER] ·
#              $REPO $IDENTITY $RECIPIENT
# Faults       fault_program PROG [--die-after BYTES] [--exit CODE | --signal SIG | --hang] [--before COMMAND]
#              [--until FILE [--stall-after BYTES]] [--when REGEX] · clear_faults ·
#              small_disk MB (sets $DISK) · start_s3_double [--google] (sets $double_url $double_key $double_secret) ·
#              double COMMAND… (test/fault/server/main.cpp says which; its answer on standard output)
# shellcheck shell=bash
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1
unset PGDR_CONFIG PGDR_IDENTITY PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGSERVICE PGSERVICEFILE PGPASSFILE PGPASSWORD PGOPTIONS
T=$(mktemp -d "${TMPDIR:-/tmp}/pgdr-t.XXXXXX")
chmod 711 "$T"
export HOME=$T/home
mkdir -m 700 "$HOME"
CONFIG=$T/pgdr.toml
REPO=$T/repo
out='' err='' code=0
tests_run=0 tests_failed=0 tests_planned=''
clusters=() pids=() mounts=() writers=()
plain_path=$PATH

# --- life cycle ------------------------------------------------------------------------------------------------------------------

cleanup() {
  local status=$? name pid mount
  trap - EXIT INT TERM
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null; done
  for name in "${clusters[@]}"; do "$top/script/cluster" remove "$T/$name"; done
  for mount in "${mounts[@]}"; do umount -l "$mount" 2>/dev/null; done
  if [ "${KEEP:-}" = 1 ]; then echo "# kept: $T"; else rm -rf -- "$T"; fi
  exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ "${needs_parts:-yes}" = yes ] && { [ -z "${PGDR_BIN:-}" ] || [ -z "${PGDR_PGROOT:-}" ]; }; then
  mkdir -p "$top/build"
  flock "$top/build/.e2e-lock" make -s -C "$top" e2e-parts >"$T/build.log" 2>&1 || {
    sed 's/^/# /' "$T/build.log" | tail -40
    echo 'Bail out! the project does not build'
    exit 1
  }
  PGDR_BIN=${PGDR_BIN:-$top/build/pgdr}
  PGDR_PGROOT=${PGDR_PGROOT:-$(cat "$top/build/pgroot")}
fi
export PGDR_BIN PGDR_PGROOT # set needs_parts=no before sourcing in a test that uses neither

# --- assertions ------------------------------------------------------------------------------------------------------------------

diag() { printf '%s\n' "$*" | sed 's/^/# /' >&2; }

pass() {
  tests_run=$((tests_run + 1))
  printf 'ok %d - %s\n' $tests_run "${1//#/\\#}"
}

fail() {
  tests_run=$((tests_run + 1))
  tests_failed=$((tests_failed + 1))
  printf 'not ok %d - %s\n' $tests_run "${1//#/\\#}"
  diag "failed: $1 (${BASH_SOURCE[-1]##*/} line ${BASH_LINENO[-2]})"
  if [ -n "${2:-}" ]; then diag "$2"; fi
  return 0
}

ok() {
  local name=$1 text
  shift
  if text=$("$@" 2>&1); then pass "$name"; else fail "$name" "$* gave exit code $?: $text"; fi
}

not_ok() {
  local name=$1 text
  shift
  if text=$("$@" 2>&1); then fail "$name" "$* succeeded: $text"; else pass "$name"; fi
}

is() {
  if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "     got: $1"$'\n'"expected: $2"; fi
}

isnt() {
  if [ "$1" != "$2" ]; then pass "$3"; else fail "$3" "got: $1"; fi
}

like() {
  if [[ $1 =~ $2 ]]; then pass "$3"; else fail "$3" "    text: $1"$'\n'"is not like: $2"; fi
}

unlike() {
  if [[ $1 =~ $2 ]]; then fail "$3" "text: $1"$'\n'"is like: $2"; else pass "$3"; fi
}

# capture CMD…: runs it; sets out, err, code.
capture() {
  "$@" >"$T/.out" 2>"$T/.err" </dev/null
  code=$?
  out=$(cat "$T/.out")
  err=$(cat "$T/.err")
}

exit_is() {
  local expected=$1
  shift
  capture "$@"
  if [ "$code" = "$expected" ]; then
    pass "exit code $expected: $*"
  else
    fail "exit code $expected: $*" "exit code: $code"$'\n'"stdout: $out"$'\n'"stderr: $err"
  fi
}

await() {
  local condition=$1 end=$(($(date +%s) + $2)) name=${3:-} pause=0.05
  until eval "$condition" >/dev/null 2>&1; do
    if [ "$(date +%s)" -ge "$end" ]; then
      if [ -n "$name" ]; then fail "$name" "not within $2 s: $condition"; fi
      return 1
    fi
    sleep "$pause"
  done
  if [ -n "$name" ]; then pass "$name"; fi
}

plan() {
  tests_planned=$1
  echo "1..$1"
}

skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

skip() { # skip WHY N
  local i
  for ((i = 0; i < $2; i++)); do
    tests_run=$((tests_run + 1))
    echo "ok $tests_run # SKIP $1"
  done
}

die() {
  fail "$1" "${2:-}"
  exit 1
}

done_testing() {
  if [ -z "$tests_planned" ]; then echo "1..$tests_run"; fi
  [ "$tests_failed" = 0 ] || exit 1
  exit 0
}

# --- servers ---------------------------------------------------------------------------------------------------------------------

start_cluster() {
  local name=${1:-main}
  if [ $# -gt 0 ]; then shift; fi
  clusters+=("$name")
  "$top/script/cluster" start "$T/$name" "$@" 2>"$T/.err" || die "cluster $name starts" "$(cat "$T/.err")"
  use_cluster "$name"
}

use_cluster() {
  PATH=$plain_path
  eval "$("$top/script/cluster" env "$T/$1")"
  server_path=$PATH
  if [ -n "${fault_path:-}" ]; then PATH=$fault_path:$PATH; fi
}

stop_cluster() { "$top/script/cluster" stop "$T/${1:-main}" "${2:-fast}"; }

restart_cluster() { "$top/script/cluster" restart "$T/${1:-main}"; }

server_log() { cat "$T/${1:-main}/log"; }

sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }

sql_file() { psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -f "$2"; }

try_sql() { capture psql -XAtq -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -d "$1" -c "$2"; }

background() {
  if [ "$1" = pgdr ]; then # the program itself, so that signals to $! reach it and not a subshell
    shift
    if [ -e "$CONFIG" ]; then set -- --config "$CONFIG" "$@"; fi
    set -- "$PGDR_BIN" "$@"
  fi
  "$@" &
  pids+=($!)
}

# make_db NAME [ROWS]: types, keys, partitions, views, triggers and names that break naive tools; test/t/fixture.sql.
make_db() {
  createdb "$1" && psql -Xq -v ON_ERROR_STOP=1 -v rows="${2:-100}" -d "$1" -f "$top/test/t/fixture.sql" >/dev/null ||
    die "fixture database $1 is made"
}

# start_writers DB [N]: N sessions that insert, update and delete in make_db's tables until stop_writers. They are counted in the
# table writes_done, so a test can await some: await '[ "$(sql shop "SELECT count(*) > 20 FROM writes_done")" = t ]' 20
start_writers() {
  local i
  sql "$1" 'CREATE TABLE IF NOT EXISTS writes_done (id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())' >/dev/null 2>&1
  for ((i = 0; i < ${2:-2}; i++)); do
    pgbench -n -f "$top/test/t/writer.sql" -T 600 -D client="$i" "$1" >"$T/writer-$i.log" 2>&1 </dev/null &
    writers+=($!)
    pids+=($!)
  done
}

stop_writers() {
  local pid
  for pid in "${writers[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${writers[@]}"; do wait "$pid" 2>/dev/null; done
  writers=()
}

# --- the tool --------------------------------------------------------------------------------------------------------------------

pgdr() {
  if [ -e "$CONFIG" ]; then "$PGDR_BIN" --config "$CONFIG" "$@"; else "$PGDR_BIN" "$@"; fi
}

# make_key [NAME]: an X25519 identity by age-keygen; sets IDENTITY (file) and RECIPIENT.
make_key() {
  IDENTITY=$T/${1:-key}.txt
  (umask 077 && age-keygen -o "$IDENTITY" 2>/dev/null) || die 'age-keygen makes a key'
  RECIPIENT=$(age-keygen -y "$IDENTITY")
  export PGDR_IDENTITY=$IDENTITY
}

# write_config DB [SET]: $CONFIG with one set, and its repository in $REPO, initialised by `pgdr init` in the test or by backup.
write_config() {
  if [ -z "${RECIPIENT:-}" ]; then make_key; fi
  cat >"$CONFIG" <<TOML
version = 1
[repository.local]
type = "local"
path = "$REPO"
[set.${2:-$1}]
database = "postgresql:///$1"
repositories = ["local"]
recipients = ["$RECIPIENT"]
TOML
}

# make_repository [FOLDER]: an initialised, empty repository, as pgdr init makes it.
make_repository() {
  local folder=${1:-$REPO}
  mkdir -p "$folder" && chmod 700 "$folder"
  printf '{"format": "pgdr-repository", "version": 1, "id": "%s", "created_at": "2026-01-01T00:00:00.000000Z"}\n' \
    "$(cat /proc/sys/kernel/random/uuid)" >"$folder/pgdr-repository.json"
}

# --- faults ----------------------------------------------------------------------------------------------------------------------

fault_path=''
server_path=$PATH

# fault_program PROG OPTIONS: the next PROG found in PATH is a wrapper around the real one (test/fault/wrapper).
#   --die-after BYTES   its standard output ends after so many bytes (without: it fails before it does anything)
#   --exit CODE         … and it exits with this code (default 1); 0 is the truncated dump that claims success
#   --stderr TEXT       … saying so
#   --signal NAME       … or is killed by this signal
#   --hang              … or never ends; its process id is in $T/fault/PROG.pid
#   --before COMMAND    it runs as always, after this shell command
#   --until FILE        it starts only when that file appears; with --stall-after BYTES it starts at once, but no more than so
#                       many bytes of its output come through before
#   --when REGEX        only when the command line matches; `PROG --version` is always the real one
fault_program() {
  local prog=$1 real
  shift
  real=$(PATH=$server_path command -v "$prog") || die "there is no program $prog"
  mkdir -p "$T/fault"
  {
    echo '#!/usr/bin/env bash'
    printf 'exec %q --real %q --pid-file %q' "$top/test/fault/wrapper" "$real" "$T/fault/$prog.pid"
    printf ' %q' "$@"
    # shellcheck disable=SC2016
    echo ' -- "$@"'
  } >"$T/fault/$prog"
  chmod 755 "$T/fault/$prog"
  fault_path=$T/fault
  PATH=$fault_path:$server_path
  hash -r
}

clear_faults() {
  rm -rf "$T/fault"
  fault_path=''
  PATH=$server_path
  hash -r
}

# small_disk MB: sets DISK to a folder with so much room. A tmpfs where mounting is allowed; else a folder on which a preloaded
# library counts bytes (test/fault/full_disk.c), for the programs started after this call.
small_disk() {
  DISK=$T/disk-$1-${#mounts[@]}
  mkdir "$DISK"
  if mount -t tmpfs -o "size=${1}m,mode=755" pgdr-test "$DISK" 2>/dev/null; then
    mounts+=("$DISK")
    return
  fi
  if [ ! -e "$T/full_disk.so" ]; then
    cc -shared -fPIC -O1 -o "$T/full_disk.so" "$top/test/fault/full_disk.c" -ldl || die 'full_disk.so builds'
  fi
  export LD_PRELOAD=$T/full_disk.so FULL_DISK_FOLDER=$DISK FULL_DISK_BYTES=$(($1 * 1024 * 1024))
}

# start_s3_double [--google]: an S3 server of the tests' own, with the bucket "bucket", that does what a healthy one never does.
start_s3_double() {
  local program=${PGDR_S3_DOUBLE:-$top/build/pgdr_s3_double}
  [ -x "$program" ] || die "$program is there" 'make e2e-parts builds it'
  mkfifo "$T/double.in" "$T/double.out"
  "$program" "$@" <"$T/double.in" >"$T/double.out" &
  pids+=($!)
  exec 7>"$T/double.in" 8<"$T/double.out"
  read -r -t 20 double_url double_key double_secret <&8 || die 'the S3 double starts'
  export no_proxy=127.0.0.1
}

double() {
  local line
  printf '%s\n' "$*" >&7
  while read -r -t 60 line <&8; do
    case $line in
      ok) return 0 ;;
      error*)
        diag "the S3 double: $line"
        return 1
        ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
  die 'the S3 double answers'
}

# flip FILE OFFSET: another byte than the one that was there.
flip() {
  printf "\\x$(printf %02x $(($(od -An -tu1 -j "$2" -N 1 "$1") ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
