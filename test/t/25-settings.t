#!/usr/bin/env bash
# What role, database and environment set for sessions neither keeps a backup from coming about nor gets into it.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 100
sql shop "CREATE EXTENSION pgdr; CREATE TABLE odd (id integer PRIMARY KEY, b bytea, a text[], i interval, at timestamptz);
  INSERT INTO odd VALUES (1, '\\x00ff5c', ARRAY['x', NULL, 'NULL'], '-1 day +02:03', '2026-03-29 01:30+00');
  CREATE ROLE guest LOGIN PASSWORD 'x' VALID UNTIL '2030-02-01 12:00+00';
  CREATE VIEW nulls AS SELECT id FROM public.odd WHERE a IS NOT NULL"
write_config shop
make_repository
globals() { age -d -i "$IDENTITY" "$(ls -d "$REPO"/shop/2* | tail -1)/globals.sql.zst.age" | zstd -dcq; }
# As if role and database had no settings.
plain() { PGOPTIONS='-c statement_timeout=0 -c lock_timeout=0 -c default_transaction_read_only=off' sql "$@"; }
proven() { # NAME: backup, restore with verification
  exit_is 0 pgdr doctor
  unlike "$out" 'FAIL' "doctor, $1"
  exit_is 0 pgdr backup
  exit_is 0 pgdr restore latest --to copy
  like "$out" 'passed|proven|matches' "the restore is proven, $1"
  is "$(plain copy 'SELECT a[2] IS NULL, a[3], i FROM public.odd')" "$(plain shop 'SELECT a[2] IS NULL, a[3], i FROM public.odd')" "values came back as they were, $1"
  plain postgres 'DROP DATABASE copy'
}

# --- the database ----------------------------------------------------------------------------------------------------------
sql postgres 'ALTER DATABASE shop SET default_transaction_read_only = on'
proven 'in a database that is read-only by default'
sql postgres 'ALTER DATABASE shop SET client_encoding = LATIN1'
proven 'with another client_encoding'
plain postgres "ALTER DATABASE shop RESET ALL; ALTER DATABASE shop SET default_transaction_isolation = 'serializable';
  ALTER DATABASE shop SET default_transaction_deferrable = on; ALTER DATABASE shop SET lock_timeout = '1ms';
  ALTER DATABASE shop SET bytea_output = 'escape'; ALTER DATABASE shop SET search_path = ''"
proven 'with serializable and deferrable transactions'
plain postgres "ALTER DATABASE shop RESET ALL; ALTER DATABASE shop SET exit_on_error = on; ALTER DATABASE shop SET quote_all_identifiers = on;
  ALTER DATABASE shop SET xmloption = 'document'; ALTER DATABASE shop SET enable_seqscan = off"
plain postgres 'ALTER DATABASE shop SET force_parallel_mode = on' 2>/dev/null || plain postgres 'ALTER DATABASE shop SET debug_parallel_query = on'
proven 'with all in parallel, and errors that end the session'
plain shop "CREATE ROLE keeper LOGIN BYPASSRLS; SELECT dr_grant('keeper', 'backup');
  DO \$\$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP
    EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO keeper', o); END LOOP; END \$\$" >/dev/null || die 'a role is made'
plain shop 'GRANT pg_read_all_data TO keeper' 2>/dev/null || plain shop 'ALTER ROLE keeper SUPERUSER' # 13 has no such role
# Its session has errors that are handled: it may not look at the server's files.
PGUSER=keeper exit_is 0 pgdr backup
unlike "$err" 'integrity' 'by a role whose session would end by an error that is handled'
PGUSER=keeper exit_is 0 pgdr snapshot
plain postgres 'ALTER DATABASE shop RESET ALL'

# --- the role --------------------------------------------------------------------------------------------------------------
sql postgres "ALTER ROLE postgres SET statement_timeout = '300ms'; ALTER ROLE postgres SET idle_in_transaction_session_timeout = '200ms';
  ALTER ROLE postgres SET array_nulls = off; ALTER ROLE postgres SET transform_null_equals = on; ALTER ROLE postgres SET DateStyle = 'SQL, DMY';
  ALTER ROLE postgres SET IntervalStyle = 'sql_standard'; ALTER ROLE postgres SET standard_conforming_strings = off;
  ALTER ROLE postgres SET client_min_messages = 'error'; ALTER ROLE postgres SET default_transaction_read_only = on;
  ALTER ROLE postgres SET row_security = off"
proven 'with a role whose settings are strange'
like "$(globals)" "VALID UNTIL '2030-02-01 12:00:00\+00'" 'times in the globals can be read in one way only'
plain postgres 'ALTER ROLE postgres RESET ALL'

# --- the environment ---------------------------------------------------------------------------------------------------------
(
  export PGCLIENTENCODING=LATIN1 PGTZ=America/New_York PGDATESTYLE='SQL, DMY' PGOPTIONS='-c statement_timeout=300ms -c default_transaction_read_only=on'
  export PG_COLOR=always PGAPPNAME=theirs PGDATABASE=nowhere
  capture pgdr doctor
  echo "$code" >"$T/env.code"
  capture pgdr backup
  echo "$code" >>"$T/env.code"
  capture pgdr restore latest --to copy
  echo "$code" >>"$T/env.code"
)
is "$(xargs <"$T/env.code")" '0 0 0' 'with an environment full of PG variables'
is "$(sql copy 'SELECT count(*) FROM users')" "$(sql shop 'SELECT count(*) FROM users')" 'everything came back'
like "$(globals)" "VALID UNTIL '2030-02-01 12:00:00\+00'" 'and the globals are the same'
sql postgres 'DROP DATABASE copy'
PGSSLMODE=bogus exit_is 4 pgdr backup
like "$err" 'sslmode' 'how a connection is made stays a matter of the environment, for all alike'
PGOPTIONS='-c no_such_setting=1' exit_is 4 pgdr backup
like "$err" 'no_such_setting' 'so do settings that the server does not know'

# --- texts that are no UTF-8 ----------------------------------------------------------------------------------------------------
fault_program pg_dump --exit 3 --stderr $'closed: caf\xe9 <E9>'
exit_is 1 pgdr backup
like "$(sql shop "SELECT state || ': ' || error FROM dr.backups ORDER BY id DESC LIMIT 1")" 'failed: .*caf<E9> <3C>E9>' \
  'a reason in another encoding is recorded, in a form that can be read back'
is "$(sql shop "SELECT count(*) FROM dr.backups WHERE state = 'running'")" 0 'and no run stays open'
clear_faults
done_testing
