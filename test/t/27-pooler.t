#!/usr/bin/env bash
# Through PgBouncer: a pool of sessions serves, one of transactions is refused and keeps nothing of ours.
. "$(dirname "$0")/lib.sh"
command -v pgbouncer >/dev/null || PATH=$PATH:/usr/sbin
command -v pgbouncer >/dev/null || skip_all 'pgbouncer is not installed'
start_cluster
make_db shop 100
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository
socket=$PGHOST port=$PGPORT
mkdir -m 777 "$T/pool"
pool() { # MODE PORT [SETTING…]
  local mode=$1 at=$2
  shift 2
  printf '"postgres" "x"\n' >"$T/pool/users.txt"
  {
    printf '[databases]\nshop = host=%s port=%s user=postgres\n[pgbouncer]\n' "$socket" "$port"
    printf 'listen_port = %s\nunix_socket_dir = %s\nauth_type = any\nauth_file = %s\npool_mode = %s\n' "$at" "$T/pool" "$T/pool/users.txt" "$mode"
    printf 'ignore_startup_parameters = extra_float_digits\nlogfile = %s\npidfile = %s\n' "$T/pool/$mode.log" "$T/pool/$mode.pid"
    printf '%s\n' "$@"
  } >"$T/pool/$mode.ini"
  chmod 644 "$T/pool/$mode.ini" "$T/pool/users.txt"
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --init-groups pgbouncer -q "$T/pool/$mode.ini" &
  else
    pgbouncer -q "$T/pool/$mode.ini" &
  fi
  pids+=($!)
  await "[ -S '$T/pool/.s.PGSQL.$at' ]" 20 "PgBouncer runs, pool_mode = $mode"
}
through() { sed "s#^database = .*#database = \"postgresql://postgres@/shop?host=$T/pool\&port=$1\"#" "$CONFIG" >"$T/pooled.toml"; }

pool transaction 7001
through 7001
psql -XAtq -h "$T/pool" -p 7001 -U postgres shop -c 'SELECT count(*) FROM users' >/dev/null || die 'an application can use it'
for command in doctor backup snapshot status; do
  capture "$PGDR_BIN" --config "$T/pooled.toml" "$command"
  isnt "$code" 0 "pgdr $command is refused"
  like "$out$err" 'pooler that gives each transaction' 'for the reason that it is'
  like "$out$err" 'pool_mode = session' 'with the remedy'
done
is "$(psql -XAtq -h "$T/pool" -p 7001 -U postgres shop -c "SELECT current_setting('search_path')")" '"$user", public' 'sessions of the application have no settings of ours'
is "$(psql -XAtq -h "$T/pool" -p 7001 -U postgres shop -c 'SELECT count(*) FROM users')" "$(sql shop 'SELECT count(*) FROM users')" 'and see their tables'

pool statement 7002
through 7002
capture "$PGDR_BIN" --config "$T/pooled.toml" backup
like "$code $err" '^[1-9].*pooler' 'nor does a pool of statements serve'

pool session 7003
through 7003
exit_is 0 "$PGDR_BIN" --config "$T/pooled.toml" backup
sql postgres 'ALTER DATABASE shop SET default_transaction_read_only = on'
exit_is 0 "$PGDR_BIN" --config "$T/pooled.toml" status
done_testing
