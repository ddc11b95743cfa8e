-- dr._compare: schema records and database properties.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

-- Documents in short: lists of what matters, everything else filled in.
CREATE FUNCTION pg_temp.rel(name text, rows bigint, digest text DEFAULT NULL, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('schema', 'app', 'name', name, 'kind', 'r', 'persistence', 'p', 'rows', rows, 'digest', 'pgdr9-t:1:2:' || encode(convert_to(digest, 'UTF8'), 'hex'),
    'generated', NULL, 'size', 8192, 'key', NULL, 'bucket_bits', 0, 'buckets', NULL, 'state', 'exact', 'note', NULL) || more $$;
CREATE FUNCTION pg_temp.seq(name text, last_value bigint, is_called boolean DEFAULT true, increment bigint DEFAULT 1)
RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('schema', 'app', 'name', name, 'last_value', last_value, 'is_called', is_called, 'increment', increment) $$;
CREATE FUNCTION pg_temp.obj(kind text, identity text, definition text, facet text DEFAULT 'definition', class text DEFAULT 'strict')
RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('kind', kind, 'identity', identity, 'facet', facet, 'class', class, 'definition', definition) $$;
CREATE FUNCTION pg_temp.doc(relations jsonb[] DEFAULT '{}', sequences jsonb[] DEFAULT '{}', objects jsonb[] DEFAULT NULL,
  content boolean DEFAULT true, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('format', 'pgdr-snapshot', 'version', 1, 'uuid', '00000000-0000-0000-0000-000000000001',
    'content', content, 'digest', CASE WHEN content THEN 'test-1' END, 'taken_at', '2026-11-21T02:00:00Z', 'label', NULL,
    'database', jsonb_build_object('name', 'd', 'encoding', 'UTF8'), 'relations', to_jsonb(relations),
    'sequences', to_jsonb(sequences),
    'objects', to_jsonb(coalesce(objects, ARRAY[pg_temp.obj('schema', 'app', 'SCHEMA')]))) || more $$;
\pset format unaligned
\pset fieldsep ' | '
\pset null -

-- One finding per object that is missing or extra, one per facet that differs; the class decides how bad it is.
SELECT * FROM dr._compare(
  pg_temp.doc(objects => ARRAY[
    pg_temp.obj('function', 'app.f(integer)', 'CREATE FUNCTION f one'), pg_temp.obj('function', 'app.f(integer)', 'alice', 'owner', 'policy'),
    pg_temp.obj('function', 'app.gone()', 'CREATE FUNCTION gone'), pg_temp.obj('function', 'app.gone()', 'alice', 'owner', 'policy'),
    pg_temp.obj('column', 'app.t.id', 'integer NOT NULL'), pg_temp.obj('column', 'app.t.id', 'the key', 'comment', 'policy'),
    pg_temp.obj('trigger', 'app.t.audit', 'enabled', 'enabled'),
    pg_temp.obj('extension', 'pgcrypto', '1.3', 'version', 'warning'),
    pg_temp.obj('index', 'app.broken', 'CREATE INDEX broken ON app.t (a)', 'definition', 'warning')]),
  pg_temp.doc(objects => ARRAY[
    pg_temp.obj('function', 'app.f(integer)', 'CREATE FUNCTION f two'), pg_temp.obj('function', 'app.f(integer)', 'bob', 'owner', 'policy'),
    pg_temp.obj('function', 'app.new()', 'CREATE FUNCTION new'),
    pg_temp.obj('column', 'app.t.id', 'integer'), pg_temp.obj('column', 'app.t.id', '8192', 'statistics'),
    pg_temp.obj('trigger', 'app.t.audit', 'disabled', 'enabled'),
    pg_temp.obj('extension', 'pgcrypto', '1.4', 'version', 'warning')]));

-- Owners and privileges by request.
SELECT ARRAY[pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('table', 'app.t', 'alice', 'owner', 'policy'),
             pg_temp.obj('table', 'app.t', 'alice=arwd', 'acl', 'policy')] AS mine,
       ARRAY[pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('table', 'app.t', 'bob', 'owner', 'policy')] AS yours \gset
SELECT status, object, check_name, expected, actual FROM dr._compare(pg_temp.doc(objects => :'mine'), pg_temp.doc(objects => :'yours'));
SELECT status, object, check_name, expected, actual FROM dr._compare(pg_temp.doc(objects => :'mine'), pg_temp.doc(objects => :'yours'), '{"no_owner": true}');
SELECT status, object, check_name, detail FROM dr._compare(pg_temp.doc(objects => :'mine'), pg_temp.doc(objects => :'yours'), '{"no_owner": true, "no_acl": true}');

-- What belongs to a missing table is counted, not listed; so is what belongs to an extra one, and to a view.
SELECT status, object_type, object, check_name, detail FROM dr._compare(
  pg_temp.doc(ARRAY[pg_temp.rel('users', 3, 'x'), pg_temp.rel('kept', 1, 'x')], objects => ARRAY[
    pg_temp.obj('table', 'app.users', 'TABLE'), pg_temp.obj('column', 'app.users.id', 'integer'), pg_temp.obj('column', 'app.users.name', 'text'),
    pg_temp.obj('index', 'app.users_name', 'CREATE INDEX users_name ON app.users USING btree (name)'), pg_temp.obj('index', 'app.users_name', 'valid', 'state'),
    pg_temp.obj('index', 'app.users_lower', 'CREATE INDEX users_lower ON app.users USING btree (lower(name))'),
    pg_temp.obj('constraint', 'app.users.users_check', 'CHECK (id > 0)'), pg_temp.obj('policy', 'app.users.p', 'PERMISSIVE'),
    pg_temp.obj('table', 'app.kept', 'TABLE'), pg_temp.obj('index', 'app.kept_name', 'CREATE INDEX kept_name ON ONLY app.kept USING btree (name)'),
    pg_temp.obj('view', 'app.v', 'SELECT 1'), pg_temp.obj('rule', 'app.v.r', 'RULE'),
    pg_temp.obj('constraint', 'app.kept.kept_pkey', 'PRIMARY KEY (id)'),
    pg_temp.obj('index', 'app.kept_pkey', 'CREATE UNIQUE INDEX kept_pkey ON app.kept USING btree (id)')]),
  pg_temp.doc(ARRAY[pg_temp.rel('kept', 1, 'x'), pg_temp.rel('Odd One', 0, 'x')], objects => ARRAY[
    pg_temp.obj('table', 'app.kept', 'TABLE'), pg_temp.obj('table', 'app."Odd One"', 'TABLE'), pg_temp.obj('column', 'app."Odd One".id', 'integer'),
    pg_temp.obj('index', 'app.odd', 'CREATE INDEX odd ON app."Odd One" USING btree (id)')]));
-- A sequence is named once, although it is in two lists.
SELECT status, object_type, object, check_name, detail FROM dr._compare(
  pg_temp.doc(sequences => ARRAY[pg_temp.seq('s', 1)], objects => ARRAY[pg_temp.obj('sequence', 'app.s', 'bigint'), pg_temp.obj('schema', 'app', 'SCHEMA')]),
  pg_temp.doc(objects => ARRAY[pg_temp.obj('schema', 'app', 'SCHEMA')]));

-- Under "only" what hangs on the tables is a warning: pg_restore -t leaves it out. Other objects do not matter.
SELECT status, object_type, object, check_name, detail FROM dr._compare(
  pg_temp.doc(ARRAY[pg_temp.rel('t', 1, 'x')], objects => ARRAY[pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('column', 'app.t.id', 'integer'),
    pg_temp.obj('index', 'app.t_id', 'CREATE INDEX t_id ON app.t USING btree (id)'), pg_temp.obj('function', 'app.f()', 'f')]),
  pg_temp.doc(ARRAY[pg_temp.rel('t', 1, 'x')], objects => ARRAY[pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('column', 'app.t.id', 'bigint')]),
  '{"only": ["app.t"]}');

-- Long texts are shortened around the first difference.
SELECT length(expected) AS expected_length, length(actual) AS actual_length, expected, actual FROM dr._compare(
  pg_temp.doc(objects => ARRAY[pg_temp.obj('view', 'app.v', repeat('a', 1000) || 'HERE' || repeat('b', 1000))]),
  pg_temp.doc(objects => ARRAY[pg_temp.obj('view', 'app.v', repeat('a', 1000) || 'THERE' || repeat('b', 1000))]));

-- The database: its encoding matters, the rest is reported.
SELECT * FROM dr._compare(
  pg_temp.doc(more => '{"database": {"name": "d", "encoding": "UTF8", "collate": "C", "owner": "alice", "acl": "x", "settings": ["work_mem=1MB"], "connection_limit": -1}}'),
  pg_temp.doc(more => '{"database": {"name": "e", "encoding": "LATIN1", "collate": "POSIX", "owner": "bob", "acl": "y", "settings": [], "connection_limit": -1}}'));
SELECT status, check_name FROM dr._compare(
  pg_temp.doc(more => '{"database": {"name": "d", "owner": "alice", "acl": "x"}}'),
  pg_temp.doc(more => '{"database": {"name": "e", "owner": "bob", "acl": "y"}}'), '{"no_owner": true, "no_acl": true}');

-- What a newer major version makes of the same dump is explained, and no more than that.
SELECT status, object_type, object, check_name, detail FROM dr._compare(
  pg_temp.doc(objects => ARRAY[pg_temp.obj('type', 'app.r', 'AS RANGE'), pg_temp.obj('sequence', 'app.s', 'AS bigint'),
    pg_temp.obj('collation', 'app.c', 'PROVIDER = i, LOCALE = ''de-u-kn-true'''), pg_temp.obj('collation', 'app.d', 'PROVIDER = i, LOCALE = ''de'''),
    pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('table', 'app.t', '<owner>=ALL; bob=ALL*', 'acl', 'policy'),
    pg_temp.obj('table', 'app.u', 'TABLE'), pg_temp.obj('table', 'app.u', '<owner>=ALL; bob=ALL', 'acl', 'policy'),
    pg_temp.obj('view', 'app.v', 'SELECT b.id FROM app.b'), pg_temp.obj('view', 'app.w', 'SELECT b.id FROM app.b'),
    pg_temp.obj('subscription', 'f', 'PUBLICATION a', 'definition', 'warning')], more => '{"server": {"version_num": 130016}}'),
  pg_temp.doc(objects => ARRAY[pg_temp.obj('type', 'app.r', 'AS RANGE'), pg_temp.obj('type', 'app.r', 'app.mr', 'multirange'),
    pg_temp.obj('sequence', 'app.s', 'AS bigint'), pg_temp.obj('sequence', 'app.s', 'UNLOGGED', 'persistence'),
    pg_temp.obj('collation', 'app.c', 'PROVIDER = i, LOCALE = ''de-u-kn'''), pg_temp.obj('collation', 'app.d', 'PROVIDER = i, DETERMINISTIC = false, LOCALE = ''de'''),
    pg_temp.obj('table', 'app.t', 'TABLE'),
    pg_temp.obj('table', 'app.t', '<owner>=ALL; bob=DELETE*,INSERT*,REFERENCES*,SELECT*,TRIGGER*,TRUNCATE*,UPDATE*', 'acl', 'policy'),
    pg_temp.obj('table', 'app.u', 'TABLE'), pg_temp.obj('table', 'app.u', '<owner>=ALL; bob=DELETE,INSERT,REFERENCES,SELECT,TRIGGER,UPDATE', 'acl', 'policy'),
    pg_temp.obj('constraint', 'app.t.t_a_not_null', 'NOT NULL a'),
    pg_temp.obj('view', 'app.v', 'SELECT b_1.id FROM app.b b_1'), pg_temp.obj('view', 'app.w', 'SELECT c_1.id FROM app.b c_1'),
    pg_temp.obj('subscription', 'f', 'PUBLICATION a, run_as_owner', 'definition', 'warning')], more => '{"server": {"version_num": 180000}}'));

-- Tablespaces and security labels by request; options of a user mapping that one side could not see; large objects without content.
SELECT ARRAY[pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('table', 'app.t', 'fast', 'tablespace', 'policy'),
             pg_temp.obj('table', 'app.t', 'red', 'security label x', 'policy'), pg_temp.obj('user mapping', 's.bob', 'USER MAPPING'),
             pg_temp.obj('user mapping', 's.bob', 'user=b', 'options'), pg_temp.obj('large object', '42', 'LARGE OBJECT'),
             pg_temp.obj('large object', '42', '1 bytes: 1', 'content')] AS mine,
       ARRAY[pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('user mapping', 's.bob', 'USER MAPPING'),
             pg_temp.obj('large object', '42', 'LARGE OBJECT')] AS yours \gset
SELECT status, object, check_name FROM dr._compare(pg_temp.doc(objects => :'mine'), pg_temp.doc(objects => :'yours', content => false));
SELECT status, object, check_name FROM dr._compare(pg_temp.doc(objects => :'mine'), pg_temp.doc(objects => :'yours'),
  '{"no_tablespaces": true, "no_security_labels": true}');

-- A name that became a keyword is quoted from then on; the object is the same one. XMLSERIALIZE says more from 16 on.
SELECT ARRAY[pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('table', 'app.t', 'id, json', 'columns'),
             pg_temp.obj('column', 'app.t.json', 'integer'), pg_temp.obj('view', 'app.v', 'SELECT json, XMLSERIALIZE(CONTENT x AS text) AS x FROM app.t'),
             pg_temp.obj('view', 'app.w', 'SELECT XMLSERIALIZE(CONTENT x AS text) AS x')] AS older,
       ARRAY[pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('table', 'app.t', 'id, "json"', 'columns'),
             pg_temp.obj('column', 'app.t."json"', 'integer'), pg_temp.obj('view', 'app.v', 'SELECT "json", XMLSERIALIZE(CONTENT x AS text NO INDENT) AS x FROM app.t'),
             pg_temp.obj('view', 'app.w', 'SELECT XMLSERIALIZE(CONTENT x AS text INDENT) AS x')] AS newer \gset
SELECT status, object_type, object, check_name, detail FROM dr._compare(
  pg_temp.doc(objects => :'older', more => '{"server": {"version_num": 150000}}'), pg_temp.doc(objects => :'newer', more => '{"server": {"version_num": 170000}}'));
SELECT status, object_type, object, check_name, expected, actual FROM dr._compare(
  pg_temp.doc(objects => :'newer', more => '{"server": {"version_num": 170000}}'), pg_temp.doc(objects => :'older', more => '{"server": {"version_num": 170000}}'));

-- An alias with and without AS; the privilege that nobody could revoke from the owner before it existed.
SELECT status, object_type, object, check_name, detail FROM dr._compare(
  pg_temp.doc(objects => ARRAY[pg_temp.obj('rule', 'app.t.r', 'DO INSTEAD (UPDATE ONLY app."T t" AS x SET a = 1)'), pg_temp.obj('rule', 'app.t.s', 'DO DELETE FROM t AS x'),
    pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('table', 'app.t', '<owner>=INSERT,SELECT; bob=SELECT', 'acl', 'policy'),
    pg_temp.obj('table', 'app.u', 'TABLE'), pg_temp.obj('table', 'app.u', '<owner>=INSERT,SELECT; bob=SELECT', 'acl', 'policy')],
    more => '{"server": {"version_num": 150020}}'),
  pg_temp.doc(objects => ARRAY[pg_temp.obj('rule', 'app.t.r', 'DO INSTEAD (UPDATE ONLY app."T t" x SET a = 1)'), pg_temp.obj('rule', 'app.t.s', 'DO DELETE FROM t y'),
    pg_temp.obj('table', 'app.t', 'TABLE'), pg_temp.obj('table', 'app.t', '<owner>=INSERT,MAINTAIN,SELECT; bob=SELECT', 'acl', 'policy'),
    pg_temp.obj('table', 'app.u', 'TABLE'), pg_temp.obj('table', 'app.u', '<owner>=INSERT,SELECT; bob=MAINTAIN,SELECT', 'acl', 'policy')],
    more => '{"server": {"version_num": 180006}}'));
