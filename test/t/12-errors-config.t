#!/usr/bin/env bash
# Wrong usage and configuration: a clear message, exit code 2, nothing done. And a server that cannot be reached: exit code 4.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 20
write_config shop

# --- command line --------------------------------------------------------------------------------------------------------
exit_is 2 "$PGDR_BIN"
like "$err" 'pgdr --help' 'no command: the way to help'
exit_is 2 pgdr statsu
like "$err" 'did you mean "pgdr status"' 'a misspelled command: the nearest'
exit_is 2 pgdr status --bogus
like "$err" 'pgdr status --help' 'an unknown option: the help of that command'
exit_is 2 pgdr --quiet --verbose status
exit_is 0 pgdr --help
like "$out" '130  interrupted' 'help lists the exit codes'
exit_is 0 pgdr --version
like "$out" '^pgdr [0-9]' 'version'
for command in init doctor status snapshot key; do exit_is 0 pgdr $command --help; done

# --- configuration -------------------------------------------------------------------------------------------------------
exit_is 2 "$PGDR_BIN" --config "$T/none.toml" status
like "$err" 'none\.toml' 'a missing file is named'
exit_is 2 "$PGDR_BIN" status
like "$err" '\.config/pgdr/pgdr\.toml and /etc/pgdr/pgdr\.toml' 'without an option the places are named'

wrong() { # wrong SED-SCRIPT REGEX NAME: the configuration after the edit is refused so
  write_config shop
  sed -i "$1" "$CONFIG"
  exit_is 2 pgdr status
  like "$err" "$2" "$3"
}
wrong 's/recipients/recipents/' "pgdr\.toml:8: unknown key 'recipents' in \[set\.shop\]; did you mean 'recipients'\?" \
  'an unknown key: line and nearest key'
wrong 's/^version = 1/version = 9/' 'version 9' 'a newer format'
wrong 's/type = "local"/type = "ftp"/' "unknown repository type 'ftp'" 'an unknown type'
wrong 's|path = ".*"|path = "relative"|' 'absolute path' 'a relative path'
wrong 's/repositories = \["local"\]/repositories = ["locla"]/' "did you mean 'local'" 'an undefined repository'
wrong 's/recipients = .*/recipients = []/' 'nobody who can open' 'no recipients'
wrong 's/recipients = .*/recipients = ["AGE-SECRET-KEY-1QQQ"]/' 'holds a private key' 'a private key instead of a public one'
unlike "$err" '1QQQ' 'which is not repeated'
wrong 's/database = .*/database = "host=x bogus=1"/' 'malformed connection string' 'a malformed connection string'
wrong 's/version = 1/version = /' 'pgdr\.toml:1:' 'no TOML'
write_config shop
exit_is 2 pgdr status --set shpo
like "$err" "did you mean 'shop'" 'an unknown set'
printf '[set.second]\ndatabase = "x"\nrepositories = ["local"]\nrecipients = ["%s"]\n' "$RECIPIENT" >>"$CONFIG"
exit_is 2 pgdr snapshot
like "$err" 'second, shop' 'several sets: they are listed'

# --- the database --------------------------------------------------------------------------------------------------------
write_config shop
exit_is 1 pgdr status
like "$err" 'CREATE EXTENSION pgdr' 'the extension is missing: what to run'
sql shop 'CREATE EXTENSION pgdr'
exit_is 0 pgdr status
sql shop "UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'pgdr'"
exit_is 1 pgdr status
like "$err" '0\.0\.1, older than this tool' 'an old extension'
like "$err" 'ALTER EXTENSION pgdr UPDATE' 'and the remedy'
sql shop "UPDATE pg_extension SET extversion = '99.0' WHERE extname = 'pgdr'"
exit_is 1 pgdr status
like "$err" '99\.0, which this tool .* is too old for' 'an extension of a later first number'
sql shop "UPDATE pg_extension SET extversion = '0.99' WHERE extname = 'pgdr'"
exit_is 0 pgdr status

sql postgres 'CREATE ROLE nologin NOLOGIN'
PGUSER=nologin exit_is 4 pgdr status
like "$err" 'refuses this login' 'a refused login'
PGUSER=nobody exit_is 4 pgdr status
write_config nosuch
exit_is 4 pgdr status
like "$err" 'no such database' 'an unknown database'
write_config shop
sql postgres 'ALTER DATABASE shop CONNECTION LIMIT 0'
sql postgres 'CREATE ROLE modest LOGIN'
PGUSER=modest exit_is 4 pgdr status
like "$err" 'no free connection' 'too many connections'
sql postgres 'ALTER DATABASE shop CONNECTION LIMIT -1'
sql postgres 'REVOKE CONNECT ON DATABASE shop FROM PUBLIC'
PGUSER=modest exit_is 4 pgdr status
like "$err" 'GRANT CONNECT' 'no right to connect'
sql postgres 'GRANT CONNECT ON DATABASE shop TO modest'
PGUSER=modest exit_is 1 pgdr status
like "$err" 'dr.grant_to' 'no right to read the status: what to run'
stop_cluster
exit_is 4 pgdr status
like "$err" 'is the server running' 'a server that is down'
done_testing
