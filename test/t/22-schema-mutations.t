#!/usr/bin/env bash
# Every facet of every kind of object: one change to it gives the finding that names it, and no other (schema-mutations.sql).
needs_parts=no
. "$(dirname "$0")/lib.sh"
PGDR_PGROOT=${PGDR_PGROOT:-$(cat "$top/build/pgroot")}

start_cluster main wal_level=logical allow_in_place_tablespaces=on
createdb -T template0 source && sql source 'CREATE EXTENSION pgdr' || die 'the database is made'
sql postgres "CREATE TABLESPACE elsewhere LOCATION ''"
cat "$top/test/t/schema.sql" "$top/test/t/schema-kinds.sql" >"$T/schema.sql"
sql_file source "$T/schema.sql" >/dev/null 2>"$T/.err" || die 'the rich schema is made' "$(cat "$T/.err")"

version=$(sql source 'SHOW server_version_num')
mutations=$top/test/t/schema-mutations.sql
# sections: their numbers and names, those for other versions left out.
sections() {
  awk -v major=$((version / 10000)) '/^-- === / { n++; if (match($0, /\(from [0-9]+\)/) && substr($0, RSTART + 6, 2) > major) next
    if (match($0, /\(until [0-9]+\)/) && substr($0, RSTART + 7, 2) < major) next
    sub(/^-- === /, ""); print n "\t" $0 }' "$mutations"
}
section() { awk -v want="$1" '/^-- === / { n++ } n == want' "$mutations"; }

{
  echo '\set ON_ERROR_STOP 1'
  echo 'SET allow_system_table_mods = on; SET client_min_messages = error;'
  echo 'CREATE TEMPORARY TABLE baseline AS SELECT dr._collect(true, true) AS document;'
  while IFS=$'\t' read -r n name; do
    printf '%s\n' "\\o $T/noise" 'BEGIN;'
    section "$n"
    printf '%s\n' "\\o $T/found.$n" "SELECT DISTINCT concat_ws(' ', f.status, f.object_type, f.object, f.check_name) AS line
      FROM baseline, dr._compare(document, dr._collect(true, true)) AS f
      WHERE f.check_name NOT IN ('content', 'rows', 'value') OR f.object_type = 'large object'
        OR (f.object_type = 'materialized view' AND f.status = 'mismatch');" 'ROLLBACK;'
  done < <(sections)
} >"$T/run.sql"
psql -XAtq -d source -f "$T/run.sql" 2>"$T/.err" || fail 'the changes are made' "$(cat "$T/.err")"

while IFS=$'\t' read -r n name; do
  section "$n" | sed -n 's/.*--> //p' | sed 's/ & /\n/g' | sort -u >"$T/expected"
  sort -u "$T/found.$n" >"$T/found"
  ok "$name: there are changes" test -s "$T/expected"
  is "$(diff "$T/expected" "$T/found")" '' "$name: each is found and named, and nothing else"
done < <(sections)

done_testing
