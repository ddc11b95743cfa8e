# What the experiments with copies of databases share: sourced after script/common.sh, not run. A script sets `expected_file` and
# `keep`, makes copies with `restored`, compares them with `verify_in_copy` or `verify_from_source` into
# $work/findings/COPY.DATABASE, and has them judged.
#
# A findings file holds a line for each finding: status, object type, object, check, expected, actual, tabs between, line ends as
# \n; and a line "restore TAB message" for each error of the restore. The expected file holds, for each line that may and must be
# there, COPIES (names with commas between, or *) TAB DATABASE (or *) TAB that line, and before it a comment with the reason.
# shellcheck shell=bash disable=SC2154
work=$(mktemp -d "${TMPDIR:-/tmp}/pgdr-experiment.XXXXXX")
chmod 711 "$work"
mkdir "$work/findings"
servers=() unexpected=0
export LC_ALL=C.UTF-8 TZ=UTC

finish() {
  local status=$? server
  trap - EXIT
  if [ -n "${keep:-}" ]; then
    echo "kept: $work"
  else
    for server in "${servers[@]}"; do PGDR_PGROOT=${server#*=} "$top/script/cluster" remove "${server%%=*}" || true; done
    rm -rf -- "$work"
  fi
  exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cannot() { # it cannot run on this machine, which is no failure: exit code 3
  printf '%s: cannot run here: %s\n' "${0##*/}" "$*" >&2
  exit 3
}

report_begin=$(date +%s%N)
report() { # report NAME FORMAT ARGUMENTS…: a line that ends with the seconds since the last one
  local now
  now=$(date +%s%N)
  # shellcheck disable=SC2059
  printf "%-10s $2  (%s s)\n" "$1" "${@:3}" "$(awk -v ns=$((now - report_begin)) 'BEGIN { printf "%.1f", ns / 1e9 }')"
  report_begin=$now
}

# --- servers ---------------------------------------------------------------------------------------------------------------------

start_server() { # start_server NAME PGROOT [SETTING…]: a server in $work/NAME, which clients and programs then are of
  servers+=("$work/$1=$2")
  PGDR_PGROOT=$2 "$top/script/cluster" start "$work/$1" "${@:3}"
  use_server "$1" "$2"
}

stop_server() { PGDR_PGROOT=$2 "$top/script/cluster" stop "$work/$1" immediate; } # stop_server NAME PGROOT

plain_path=$PATH
use_server() { # use_server NAME PGROOT
  PATH=$plain_path
  eval "$(PGDR_PGROOT=$2 "$top/script/cluster" env "$work/$1")"
}

sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }

# take_snapshot DATABASE: installs the extension there and takes a snapshot with content: $work/DATABASE.json
take_snapshot() {
  local id
  sql "$1" 'CREATE EXTENSION pgdr'
  id=$(sql "$1" "SELECT dr_snapshot_counts('experiment', content => true)")
  sql "$1" "SELECT dr_snapshot_document($id)" >"$work/$1.json"
  jq -e 'all(.relations[]; .state == "exact" or (.kind | IN("f", "p", "m")))' "$work/$1.json" >/dev/null ||
    die "not every table of $1 was fingerprinted"
  # shellcheck disable=SC2046
  report "$1" '%s relations, %s rows, %s sequences, %s records of %s objects' \
    $(jq '(.relations | length), ([.relations[].rows] | add), (.sequences | length), (.objects | length),
      ([.objects[] | .kind + " " + .identity] | unique | length)' "$work/$1.json")
}

# --- copies ----------------------------------------------------------------------------------------------------------------------

# restored COPY DATABASE COMMAND…: runs the restore; the errors that it reports join the findings.
restored() {
  local log=$work/restore.err
  "${@:3}" >/dev/null 2>"$log" || true
  sed -nE 's/^pg_restore: error: (could not execute query: )?((ERROR|COPY failed).*)/\2/p; s/^psql:[^:]*:[0-9]*: (ERROR|FATAL):/\1:/p' "$log" |
    sed "s/^/restore\t/" >>"$work/findings/$1.$2"
}

# from_newer COPY DATABASE TARGET ARCHIVE: restores a -Fc dump that the newer version's pg_dump made. Servers from 15.20 and its
# siblings on mark columns with an option of their own, pg_attver; a pg_dump that does not know it yet writes it down as if a
# user had set it, and its server refuses the whole table then. Those statements are taken out, as a user would have to; the first of
# a materialized view follows its DEPENDS ON EXTENSION on one line.
from_newer() {
  if pg_restore -f - "$4" | grep '^ALTER .* SET (.*pg_attver=' >/dev/null; then
    pg_restore -f - "$4" | sed -E 's/(DEPENDS ON EXTENSION [^;]+;)ALTER .* SET \(pg_attver=[0-9]+\);$/\1/; t; /^ALTER .* SET \(pg_attver=[0-9]+\);$/d; /^ALTER .* SET \(.*\);$/s/(, pg_attver=[0-9]+|pg_attver=[0-9]+, )//' \
      >"$work/restore.sql"
    restored "$1" "$2" psql -Xq -d "$3" -f "$work/restore.sql"
    rm "$work/restore.sql"
  else
    restored "$1" "$2" pg_restore -d "$3" "$4"
  fi
}

columns="concat_ws(E'\t', status, object_type, object, check_name, replace(expected, E'\n', '\n'), replace(actual, E'\n', '\n'))"

verify_in_copy() { # verify_in_copy DATABASE TARGET: by the document, in the target
  printf '%s\n' "\\set document \`cat '$work/$1.json'\`" \
    "SELECT $columns FROM dr_verify_snapshot(:'document') WHERE check_name <> 'verdict'" |
    psql -XAtq -v ON_ERROR_STOP=1 -d "$2" | LC_ALL=C sort
}

verify_from_source() { # verify_from_source DATABASE TARGET: by the stored snapshot, from the source
  sql "$1" "SELECT $columns FROM dr_verify_against('$2', snapshot => (SELECT max(id) FROM dr.snapshots))
    WHERE check_name <> 'verdict'" | LC_ALL=C sort
}

# --- judgement -------------------------------------------------------------------------------------------------------------------

expected_for() { # expected_for COPY DATABASE
  awk -F'\t' -v copy="$1" -v database="$2" '
    /^#/ || NF < 3 || ($2 != database && $2 != "*") { next }
    { n = split($1, names, ",")
      for (i = 1; i <= n; i++) if (names[i] == copy || names[i] == "*") { sub(/^[^\t]*\t[^\t]*\t/, ""); print; next } }' \
    "$expected_file" | LC_ALL=C sort
}

judge() { # judge COPY DATABASE: counts in `unexpected` the copies whose findings are not the expected ones, and shows them
  local found=$work/findings/$1.$2 more less
  # A digest changes with the format of digests; the number of rows stays.
  sed -E -i 's/pgdr[0-9]+-[a-z0-9-]+:1:[0-9]+:[0-9a-f]+/1 row/g; s/pgdr[0-9]+-[a-z0-9-]+:([0-9]+):[0-9]+:[0-9a-f]+/\1 rows/g' "$found"
  LC_ALL=C sort -o "$found" "$found"
  expected_for "$1" "$2" >"$work/expected"
  more=$(LC_ALL=C comm -23 "$found" "$work/expected")
  less=$(LC_ALL=C comm -13 "$found" "$work/expected")
  report "$1" '%s: %s findings, %s unexpected, %s missing' "$2" "$(grep -c . "$found" || true)" \
    "$(grep -c . <<<"$more" || true)" "$(grep -c . <<<"$less" || true)"
  [ -z "$more" ] || sed 's/^/    unexpected: /' <<<"$more" | awk 'NR <= 40 { print substr($0, 1, 1000) }'
  [ -z "$less" ] || sed 's/^/    missing: /' <<<"$less" | awk 'NR <= 40 { print substr($0, 1, 1000) }'
  if [ -n "$more$less" ]; then unexpected=$((unexpected + 1)); fi
}

conclude() { # conclude SKIPPED: the last line and the exit code
  [ -z "$1" ] || echo "not everything ran: $1 skipped"
  [ $unexpected = 0 ] || { echo "$unexpected copies with findings that are not the expected ones"; exit 1; }
  echo 'no finding but the expected ones'
}
