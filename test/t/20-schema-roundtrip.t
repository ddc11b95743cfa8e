#!/usr/bin/env bash
# Schema records survive a dump and restore unchanged, and each single change alters exactly the records that it should.
. "$(dirname "$0")/lib.sh"

start_cluster main wal_level=logical
sql postgres 'CREATE DATABASE hub' && sql hub 'CREATE EXTENSION pgdr' || die 'the extension is created'
sql_file hub "$top/test/t/schema-compare.sql" || die 'the comparison is set up'
sql postgres 'CREATE DATABASE source TEMPLATE template0'
cat "$top/test/t/schema.sql" "$top/test/t/schema-kinds.sql" >"$T/schema.sql"
sql_file source "$T/schema.sql" >/dev/null || die 'the rich schema is made'

# collect DATABASE: stores its document under that name. differences A B: what differs, one line each.
collect() { sql hub "CALL collect('$1')"; }
differences() { sql hub "SELECT line FROM differences('$1', '$2')"; }
restore_copy() { # FROM TO
  createdb -T template0 "$2" && pg_dump -Fc "$1" >"$T/$1.dump" && pg_restore -d "$2" "$T/$1.dump"
}

ok 'the schema is collected' collect source
is "$(sql hub "SELECT count(*) > 650 FROM records WHERE name = 'source'")" t 'it has many records'
is "$(sql hub "SELECT count(*) FROM (SELECT kind, identity, facet FROM records GROUP BY name, kind, identity, facet HAVING count(*) > 1) d")" 0 \
  'each of them once'
is "$(sql hub "SELECT count(*) FROM records WHERE definition ~ '\y(16|17|18)\d{3}\y'")" 0 'none names an OID'

restore_copy source copy
collect copy
is "$(differences source copy)" '' 'a dump and restore changes nothing'
restore_copy copy second
collect second
is "$(differences source second)" '' 'nor does a second one'

sql copy 'CREATE EXTENSION pgdr'
sql hub "CALL collect('copy')"
is "$(differences source copy)" 'extra extension pgdr comment
extra extension pgdr schema
extra extension pgdr version' 'the extension itself is one object'
is "$(sql copy "SELECT count(*) FROM jsonb_to_recordset(dr._collect(true, true) -> 'objects') AS r(kind text)")" \
  "$(sql hub "SELECT count(*) FROM records WHERE name = 'copy'")" 'the backend sees what the worker sees'
sql copy 'DROP EXTENSION pgdr'
sql copy 'DROP SUBSCRIPTION feed' # a clone has none
collect copy

# changed NAME SQL LINES: SQL run in a fresh clone of the copy gives these differences, and no other.
changed() {
  createdb -T copy changed && sql changed "$2" >/dev/null && collect changed || fail "$1: the change is made"
  is "$(differences copy changed)" "$3" "$1"
  dropdb changed
}

changed 'a dropped index' 'DROP INDEX app.orders_data' \
  'missing index app.orders_data definition
missing index app.orders_data depends on extension
missing index app.orders_data state'
changed 'a disabled trigger' 'ALTER TABLE app.users DISABLE TRIGGER touch' 'mismatch trigger app.users.touch enabled: enabled -> disabled'
changed 'a trigger disabled on one partition' 'ALTER TABLE app.events_2025 DISABLE TRIGGER on_events' \
  'mismatch trigger app.events_2025.on_events enabled: enabled -> disabled'
changed 'foreign keys that are not checked' 'ALTER TABLE app.of_events DISABLE TRIGGER ALL' \
  'extra constraint app.of_events.of_events_id_at_fkey enforcement'
changed 'another default' "ALTER TABLE app.users ALTER state SET DEFAULT 'active'" \
  "mismatch column app.users.state definition: character varying(10) DEFAULT 'new'::character varying -> character varying(10) DEFAULT 'active'::character varying"
changed 'a revoked grant' 'REVOKE INSERT ON app.users FROM schema_reader' \
  "mismatch table app.users acl: \"Löser 1\"=SELECT*; <owner>=ALL; PUBLIC=SELECT/\"Löser 1\"; schema_reader=INSERT,SELECT -> \"Löser 1\"=SELECT*; <owner>=ALL; PUBLIC=SELECT/\"Löser 1\"; schema_reader=SELECT"
changed 'a revoked column grant' 'REVOKE UPDATE (note) ON app.users FROM schema_reader' 'missing column app.users.note acl'
changed 'another owner' 'ALTER FUNCTION app.add(text, text) OWNER TO schema_owner' \
  'mismatch function app.add(text, text) owner: postgres -> schema_owner'
changed 'enum labels in another order' \
  "UPDATE pg_enum SET enumsortorder = 9 WHERE enumlabel = 'sad'" \
  "mismatch type app.mood definition: AS ENUM ('sad', 'between', 'ok', 'it''s fine') -> AS ENUM ('between', 'ok', 'it''s fine', 'sad')"
changed 'a constraint that is not validated' \
  'ALTER TABLE app.orders DROP CONSTRAINT orders_user_id_fkey, ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id)
   REFERENCES app.users ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE NOT VALID' \
  'mismatch constraint app.orders.orders_user_id_fkey definition: FOREIGN KEY (user_id) REFERENCES app.users(id) ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE -> FOREIGN KEY (user_id) REFERENCES app.users(id) ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE NOT VALID'
changed 'a check constraint that allows one value more' \
  "ALTER TABLE app.base DROP CONSTRAINT base_kind_check, ADD CONSTRAINT base_kind_check CHECK (kind IN ('a', 'b', 'c'))" \
  "mismatch constraint app.base.base_kind_check definition: CHECK (((kind)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))) -> CHECK (((kind)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text, ('c'::character varying)::text])))
mismatch constraint app.child.base_kind_check definition: CHECK (((kind)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))) -> CHECK (((kind)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text, ('c'::character varying)::text])))"
changed 'another function body' "CREATE OR REPLACE FUNCTION app.add(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT b || a'" \
  'mismatch function app.add(text, text) definition: CREATE OR REPLACE FUNCTION app.add(a text, b text)  RETURNS text  LANGUAGE sql  IMMUTABLE STRICT AS $function$ SELECT a || b $function$ -> CREATE OR REPLACE FUNCTION app.add(a text, b text)  RETURNS text  LANGUAGE sql  IMMUTABLE STRICT AS $function$SELECT b || a$function$'
changed 'another volatility' 'ALTER FUNCTION app.pairs() STABLE' \
  'mismatch function app.pairs() definition: CREATE OR REPLACE FUNCTION app.pairs(OUT k text, OUT v integer)  RETURNS SETOF record  LANGUAGE sql  ROWS 5 AS $function$ VALUES ('"'a'"', 1) $function$ -> CREATE OR REPLACE FUNCTION app.pairs(OUT k text, OUT v integer)  RETURNS SETOF record  LANGUAGE sql  STABLE ROWS 5 AS $function$ VALUES ('"'a'"', 1) $function$'
changed 'another column type' 'ALTER TABLE app.of_events ALTER at TYPE timestamptz(3)' \
  'mismatch column app.of_events.at definition: timestamp with time zone -> timestamp(3) with time zone'
changed 'a dropped column' 'ALTER TABLE app.child DROP extra' \
  'missing column app.child.extra definition
mismatch table app.child columns: id, kind, at, extra -> id, kind, at
rows app.child: 2 -> 2'
changed 'another view' 'CREATE OR REPLACE VIEW app.renamed AS SELECT 1 AS "1st", '"'three'::varchar"' AS "Second Column"' \
  'mismatch view app.renamed definition: SELECT 1 AS "1st", '"'two'::character varying AS \"Second Column\" UNION ALL SELECT 3 AS \"1st\", v.x AS \"Second Column\" FROM (VALUES ('a'::text), ('b'::text)) v(x) WHERE (v.x = 'a'::text) -> SELECT 1 AS \"1st\", 'three'::character varying AS \"Second Column\""
changed 'another policy' "ALTER POLICY everyone ON app.base USING (kind IN ('a'))" \
  "mismatch policy app.base.everyone definition: PERMISSIVE FOR ALL TO PUBLIC USING (((kind)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))) -> PERMISSIVE FOR ALL TO PUBLIC USING (((kind)::text = 'a'::text))"
changed 'row security switched off' 'ALTER TABLE app.base NO FORCE ROW LEVEL SECURITY' 'mismatch table app.base row security: ENABLE, FORCE -> ENABLE'
changed 'another comment' "COMMENT ON COLUMN app.users.email IS 'size'" 'mismatch column app.users.email comment: Größe -> size'
changed 'a sequence one back' "SELECT setval('app.ticket', 120)" 'sequence app.ticket: 125 -> 120'
changed 'a detached partition' 'ALTER TABLE app.hashed DETACH PARTITION app.hashed_1' \
  'missing index app.hashed_1_pkey attached to
mismatch table app.hashed_1 definition: PARTITION -> TABLE
missing table app.hashed_1 partition of
rows app.hashed: 100 -> '"$(sql copy 'SELECT count(*) FROM app.hashed_0')"
changed 'an invalid index' "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.orders_data'::regclass" \
  'mismatch index app.orders_data state: valid -> invalid'
changed 'another rule' 'ALTER TABLE app.base ENABLE RULE log' 'mismatch rule app.base.log enabled: disabled -> enabled'
createdb -T copy changed && sql changed 'SELECT lo_unlink(4242)' >/dev/null && collect changed
is "$(differences copy changed)" 'missing large object 4242 acl
missing large object 4242 comment
missing large object 4242 content
missing large object 4242 definition
missing large object 4242 owner' 'a lost large object'
dropdb changed
createdb -T copy changed && sql changed "SELECT lo_put(4242, 1, 'E')" >/dev/null && collect changed
like "$(differences copy changed)" '^mismatch large object 4242 content: 5 bytes: [-0-9]+ -> 5 bytes: [-0-9]+$' 'one changed byte in a large object'
dropdb changed
changed 'another label in a domain' "ALTER DOMAIN app.email DROP CONSTRAINT has_at; ALTER DOMAIN app.email ADD CONSTRAINT has_at CHECK (VALUE LIKE '%@%' OR VALUE IN ('nobody'))" \
  "missing domain constraint app.email.has_at comment
mismatch domain constraint app.email.has_at definition: CHECK ((((VALUE)::text ~~ '%@%'::text) OR ((VALUE)::text = ANY (ARRAY[('nobody'::character varying)::text, ('root'::character varying)::text])))) -> CHECK ((((VALUE)::text ~~ '%@%'::text) OR ((VALUE)::text = 'nobody'::text)))"
changed 'one changed row' "UPDATE app.users SET name = 'User 7' WHERE name = 'user 7'" 'rows app.users: 300 -> 300'

# The texts of queries and expressions of every shape: frozen, as 15, 17 and 18 give them alike, and unchanged by a restore.
sql postgres 'CREATE DATABASE queries TEMPLATE template0'
sql_file queries "$top/test/t/schema-queries.sql" || die 'the queries are made'
collect queries
is "$(sql hub "SELECT concat_ws(E'\t', kind, identity, definition) FROM records WHERE name = 'queries' AND facet = 'definition'
  AND kind IN ('view', 'rule')" | sort | diff - <(sort "$top/test/vectors/schema-definitions.tsv"))" '' \
  'definitions have the frozen texts'
restore_copy queries queries_copy
collect queries_copy
is "$(differences queries queries_copy)" '' 'a dump and restore changes none of them'

# No dump has a loose member of one of the system's operator families.
sql postgres 'CREATE DATABASE loose TEMPLATE template0'
sql loose 'ALTER OPERATOR FAMILY datetime_ops USING btree ADD OPERATOR 1 <(integer, bigint)'
collect loose
restore_copy loose loose_copy
collect loose_copy
is "$(differences loose loose_copy)" 'missing operator family pg_catalog.datetime_ops USING btree added members' \
  'what a dump leaves out of an operator family is found'

# Very many large objects: a record for each 4096 OIDs.
sql postgres 'CREATE DATABASE large TEMPLATE template0'
sql large "SELECT count(lo_create(40960 + i)) FROM generate_series(0, 10000) AS i" >/dev/null
collect large
is "$(sql hub "SELECT DISTINCT identity FROM records WHERE name = 'large' AND kind = 'large object' ORDER BY 1")" '40960..45055
45056..49151
49152..53247' 'large objects are grouped'
createdb -T large large_copy && sql large_copy "SELECT lo_put(45055, 0, 'x'); ALTER LARGE OBJECT 45056 OWNER TO schema_owner" >/dev/null
collect large_copy
like "$(differences large large_copy)" '^mismatch large object 40960..45055 content: 4096 objects: [0-9a-f]+ -> 4096 objects: [0-9a-f]+
mismatch large object 45056..49151 owner: 4096 objects: [0-9a-f]+ -> 4096 objects: [0-9a-f]+$' 'a change names the group and the facet'

# What the current role may not see in full is an error, never a shorter document.
sql postgres 'CREATE ROLE nobody LOGIN'
sql hub 'GRANT USAGE ON SCHEMA dr TO nobody; GRANT EXECUTE ON FUNCTION dr._collect_from(text, boolean, boolean) TO nobody'
try_sql hub "SET ROLE nobody; SELECT dr._collect_from('source', false, false)"
like "$err" '42501.*permission denied for table' 'a table that may not be read is an error'
sql source 'GRANT USAGE ON SCHEMA app TO nobody; GRANT pg_read_all_data TO nobody'
try_sql hub "SET ROLE nobody; SELECT dr._collect_from('source', false, false)"
like "$err" '42501' 'so is row security'
sql postgres 'ALTER ROLE nobody BYPASSRLS'
try_sql hub "SET ROLE nobody; SELECT length(dr._collect_from('source', true, true)::text) > 1000"
is "$out" t 'pg_read_all_data and BYPASSRLS suffice'

done_testing
