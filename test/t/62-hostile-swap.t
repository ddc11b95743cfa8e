#!/usr/bin/env bash
# What was found by its OID is never used by its name: while pgdr waits for a lock, the owner renames the object and puts a view with code
# in its place. Each swap is committed when the backend is seen waiting.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hostile.sh"
start_hostile

sql trap 'CREATE EXTENSION pgdr SCHEMA public; CREATE EXTENSION amcheck SCHEMA public' || die 'the extension is installed'
sql trap "SELECT dr_grant('pgdr_backup', 'backup')" >/dev/null
lay() { # lay: everything as it was before a swap, with a row that breaks each rule
  hostile "SET client_min_messages = error; DROP SCHEMA IF EXISTS bait, moved CASCADE; CREATE SCHEMA bait; GRANT USAGE ON SCHEMA bait TO PUBLIC;
    CREATE TABLE bait.t (id serial PRIMARY KEY, v varchar(3) NOT NULL CHECK (v IN ('a', 'b')), EXCLUDE USING btree (v WITH =)); INSERT INTO bait.t (v) VALUES ('a'), ('b');
    CREATE TABLE bait.child (t integer REFERENCES bait.t); INSERT INTO bait.child VALUES (1);
    CREATE TABLE bait.parts (k integer) PARTITION BY LIST (k); CREATE TABLE bait.part PARTITION OF bait.parts FOR VALUES IN (1)"
}
check() { sql trap "SET search_path = pg_catalog; SELECT status, object, check_name, actual, detail FROM public.dr_check_integrity('$1'::text, 5) WHERE object ~ '^(bait|moved)' OR object ~ ' on (bait|moved)'"; }
as_backup() { PGUSER=pgdr_backup "$@"; }

swapped_sequence="ALTER SEQUENCE bait.t_id_seq RENAME TO was; CREATE VIEW bait.t_id_seq AS SELECT 9::bigint AS last_value, trap.note('sequence') = 1 AS is_called"
swapped_table="ALTER TABLE bait.t RENAME TO was; CREATE VIEW bait.t AS SELECT w.*, trap.note('table') FROM bait.was AS w"
swapped_schema="LOCK TABLE bait.t; ALTER SCHEMA bait RENAME TO moved; CREATE SCHEMA bait; GRANT USAGE ON SCHEMA bait TO PUBLIC;
  CREATE VIEW bait.t AS SELECT t.*, trap.note('schema') FROM moved.t; CREATE VIEW bait.t_id_seq AS SELECT 9::bigint AS last_value, trap.note('schema') = 1 AS is_called"
swapped_index="LOCK TABLE bait.t; ALTER INDEX bait.t_pkey RENAME TO was; CREATE VIEW bait.t_pkey AS SELECT trap.note('index')"
for swap in sequence table schema index; do
  statements=swapped_$swap
  for level in quick data full; do
    [ "$swap $level" != 'index quick' ] || continue # which looks at no index
    [ "$swap $level" != 'index data' ] || continue
    for who in '' as_backup; do
      [ "$level$who" != fullas_backup ] || continue # amcheck's functions are not granted
      lay
      trapped
      in_the_way "${!statements}" $who check $level
      is "$code" 0 "$swap swapped under the check ($level $who)"
      unlike "$out" 'error' 'nothing is wrong with the rows'
      only_as_owner "$swap swapped ($level $who)"
    done
  done
done

# A snapshot, a verification, one fingerprint.
snapshot() { sql trap "SET search_path = pg_catalog; SET pgdr.lock_timeout = 0; SELECT public.dr_snapshot_counts('x'::text, true, NULL::jsonb, NULL::bytea)"; }
verify() { sql hub "SET pgdr.lock_timeout = 0; SELECT count(*) FROM dr_verify_against('trap')"; }
fingerprint() { sql trap "SET search_path = pg_catalog; SELECT public.dr_table_fingerprint($(sql trap "SELECT 'bait.t'::regclass::oid")::oid::regclass)"; }
for swap in table schema sequence; do
  statements=swapped_$swap
  for victim in snapshot verify fingerprint; do
    [ "$swap" != sequence ] || [ $victim = snapshot ] || continue
    lay
    trapped
    in_the_way "${!statements}" $victim
    only_as_owner "$swap swapped under $victim"
  done
done

# The condition of an extension's configuration table: the table is found by OID, the condition is SQL over its name.
lay
sql trap "SET search_path = pg_catalog; CREATE EXTENSION tcn SCHEMA public; ALTER EXTENSION tcn ADD TABLE bait.t;
  UPDATE pg_extension SET extconfig = ARRAY['bait.t'::regclass::oid], extcondition = ARRAY['WHERE trap.note(''condition'') = 1'] WHERE extname = 'tcn'"
trapped
in_the_way "$swapped_schema" snapshot
is "$code" 0 'the configuration table is read'
is "$(sql trap "SET search_path = pg_catalog; SELECT rows FROM dr.snapshot_relations WHERE name = 't' ORDER BY snapshot DESC LIMIT 1")" 2 'by its OID, whatever it is called now'
like "$(trapped; echo "$ran")" 'condition as hostile' 'and its condition runs as its owner'
only_as_owner 'schema of a configuration table swapped'
done_testing
