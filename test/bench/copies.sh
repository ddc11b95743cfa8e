# shellcheck shell=bash disable=SC2154
# What the benchmarks of copies have in common; sourced. The caller has set work, top and tool, and started the cluster.

say() { printf '%s\n' "$*" >&2; }

# make_data SCALE: the database bench. 1 is about 1.7 GB of dump, the larger half of which hardly compresses, as documents and
# pictures do: else there would be nothing to upload.
make_data() {
  say "making the data (scale $1) ..."
  createdb bench
  pgbench -i -q -I dtGvp -s "$(awk -v s="$1" 'BEGIN { n = s * 68; print n < 1 ? 1 : int(n) }')" bench 2>"$work/pgbench.log"
  psql -Xq -d bench -v rows="$(awk -v s="$1" 'BEGIN { print int(s * 1000000) }')" <<'SQL'
CREATE TABLE documents AS
  SELECT i AS id, decode(string_agg(md5(i::text || '/' || j), ''), 'hex') AS content
  FROM generate_series(1, :rows) i, generate_series(1, 32) j GROUP BY i;
SQL
  psql -Xq -d bench -c 'CREATE EXTENSION pgdr' -c 'VACUUM ANALYZE' -c CHECKPOINT
}

# timed NAME COMMAND…: "seconds KiB user system" is added to NAME.runs
timed() {
  local name=$1
  shift
  sync
  psql -Xq -c CHECKPOINT
  /usr/bin/time -q -f '%e %M %U %S' -o "$work/time" "$@" >"$work/$name.log" 2>&1 </dev/null || { tail -20 "$work/$name.log" >&2 && exit 1; }
  cat "$work/time" >>"$work/$name.runs"
  say "  $name $(awk '{ printf "%.2f s, %.0f MiB", $1, $2 / 1024 }' "$work/time")"
}
median() { # median NAME COLUMN
  awk -v c="$2" '{ print $c }' "$work/$1.runs" | sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
largest() { awk '{ if ($2 > m) m = $2 } END { printf "%.0f", m / 1024 }' "$work/$1.runs"; }
line() { printf '%-58s %8.2f s  %5d MiB\n' "$2" "$(median "$1" 1)" "$(largest "$1")"; }
ratio() { awk -v a="$(median "$1" 1)" -v b="$(median "$2" 1)" 'BEGIN { printf "%.2f", a / b }'; }
