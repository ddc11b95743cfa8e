-- dr._compare: relations and sequences.
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

-- Equal, and empty.
SELECT * FROM dr._compare(pg_temp.doc(), pg_temp.doc());
SELECT * FROM dr._compare(pg_temp.doc(ARRAY[pg_temp.rel('t', 1, 'x')]), pg_temp.doc(ARRAY[pg_temp.rel('t', 1, 'x')]));

-- Every way to differ; one finding per table, problems first.
SELECT * FROM dr._compare(
  pg_temp.doc(ARRAY[
    pg_temp.rel('a_gone', 5, 'x'),
    pg_temp.rel('b_fewer', 1234567, 'x'),
    pg_temp.rel('c_more', 1, 'x'),
    pg_temp.rel('d_changed', 7, 'x'),
    pg_temp.rel('e_generated', 7, 'x', '{"generated": "pgdr9-g1:1:2:00"}'),
    pg_temp.rel('f_kind', 7, 'x'),
    pg_temp.rel('g_foreign', NULL, NULL, '{"kind": "f", "state": "skipped", "note": "foreign table"}'),
    pg_temp.rel('h_matview', 7, 'x', '{"kind": "m"}'),
    pg_temp.rel('i_matview', 7, 'x', '{"kind": "m"}'),
    pg_temp.rel('j_unlogged', 7, 'x', '{"persistence": "u"}'),
    pg_temp.rel('k_unlogged', 7, 'x', '{"persistence": "u"}'),
    pg_temp.rel('l_unread', 7, 'x'),
    pg_temp.rel('m_unread', 7, 'x'),
    pg_temp.rel('n_unknown', NULL, NULL, '{"state": "failed", "note": "lock timeout"}'),
    pg_temp.rel('o_skipped', NULL, NULL, '{"state": "skipped", "note": "not populated"}'),
    pg_temp.rel('p_skipped', NULL, NULL, '{"state": "skipped", "note": "not populated"}'),
    pg_temp.rel('q_undigested', 7, 'x'),
    pg_temp.rel('s_matview', NULL, NULL, '{"kind": "m", "state": "failed", "note": "rewritten"}'),
    pg_temp.rel('Quoted Name', 7, 'x')]),
  pg_temp.doc(ARRAY[
    pg_temp.rel('b_fewer', 1234566, 'y'),
    pg_temp.rel('c_more', 3, 'y'),
    pg_temp.rel('d_changed', 7, 'y'),
    pg_temp.rel('e_generated', 7, 'x', '{"generated": "pgdr9-g2:1:2:00"}'),
    pg_temp.rel('f_kind', 7, 'x', '{"kind": "p"}'),
    pg_temp.rel('g_foreign', NULL, NULL, '{"kind": "f", "state": "skipped", "note": "foreign table"}'),
    pg_temp.rel('h_matview', 8, 'y', '{"kind": "m"}'),
    pg_temp.rel('i_matview', 7, 'y', '{"kind": "m"}'),
    pg_temp.rel('j_unlogged', 0, 'y', '{"persistence": "u"}'),
    pg_temp.rel('k_unlogged', 6, 'y', '{"persistence": "u"}'),
    pg_temp.rel('l_unread', NULL, NULL, '{"state": "failed", "note": "lock timeout"}'),
    pg_temp.rel('m_unread', NULL, NULL, '{"state": "skipped", "note": "dropped meanwhile"}'),
    pg_temp.rel('n_unknown', 1, 'x'),
    pg_temp.rel('o_skipped', 1, 'x'),
    pg_temp.rel('p_skipped', NULL, NULL, '{"state": "skipped", "note": "not populated"}'),
    pg_temp.rel('q_undigested', 7, NULL),
    pg_temp.rel('r_new', 0, 'x'),
    pg_temp.rel('s_matview', 7, 'x', '{"kind": "m"}'),
    pg_temp.rel('Quoted Name', 6, 'x')]));

-- Key buckets say where: four of 16 bytes each, the third differs.
SELECT status, object, check_name, detail FROM dr._compare(
  pg_temp.doc(ARRAY[
    pg_temp.rel('t', 9, 'x', jsonb_build_object('key', '["id", "Part"]'::jsonb, 'bucket_bits', 2,
      'buckets', encode(convert_to(repeat('a', 64), 'UTF8'), 'base64'))),
    pg_temp.rel('u', 9, 'x', jsonb_build_object('bucket_bits', 2, 'buckets', encode(convert_to(repeat('a', 64), 'UTF8'), 'base64'))),
    pg_temp.rel('v', 9, 'x', jsonb_build_object('bucket_bits', 2, 'buckets', encode(convert_to(repeat('a', 64), 'UTF8'), 'base64')))]),
  pg_temp.doc(ARRAY[
    pg_temp.rel('t', 9, 'y', jsonb_build_object('key', '["id", "Part"]'::jsonb, 'bucket_bits', 2,
      'buckets', encode(convert_to(repeat('a', 40) || 'b' || repeat('a', 23), 'UTF8'), 'base64'))),
    pg_temp.rel('u', 8, 'y', jsonb_build_object('bucket_bits', 2,
      'buckets', encode(convert_to('b' || repeat('a', 62) || 'b', 'UTF8'), 'base64'))),
    -- Cut into another number of buckets: nothing to say.
    pg_temp.rel('v', 8, 'y', jsonb_build_object('bucket_bits', 3, 'buckets', encode(convert_to(repeat('b', 128), 'UTF8'), 'base64')))]));

-- Counts only, on either side.
SELECT * FROM dr._compare(pg_temp.doc(ARRAY[pg_temp.rel('t', 1), pg_temp.rel('u', 2)], content => false),
                          pg_temp.doc(ARRAY[pg_temp.rel('t', 1, 'x'), pg_temp.rel('u', 3, 'x')]));
SELECT * FROM dr._compare(pg_temp.doc(ARRAY[pg_temp.rel('t', 1, 'x')]),
                          pg_temp.doc(ARRAY[pg_temp.rel('t', 1, NULL, '{"persistence": "u"}')], objects => '{}', content => false));

-- Partitions. The sum is named only where no part is; rows may be in another part while the sum is right.
SELECT ARRAY[pg_temp.obj('table', 'app.top', 'TABLE PARTITION BY RANGE (a)'),
             pg_temp.obj('table', 'app.mid', 'app.top FOR VALUES FROM (1) TO (9)', 'partition of'),
             pg_temp.obj('table', 'app.leaf1', 'app.mid FOR VALUES FROM (1) TO (5)', 'partition of'),
             pg_temp.obj('table', 'app.leaf2', 'app.mid FOR VALUES FROM (5) TO (9)', 'partition of'),
             pg_temp.obj('table', 'app.leaf3', 'app.top DEFAULT', 'partition of'),
             pg_temp.obj('table', 'app.leaf3', 'TABLE')] AS parts \gset
SELECT pg_temp.doc(ARRAY[pg_temp.rel('leaf1', 5, 'a'), pg_temp.rel('leaf2', 5, 'b'), pg_temp.rel('leaf3', 5, 'c'),
  pg_temp.rel('mid', 10, 'ab', '{"kind": "p"}'), pg_temp.rel('top', 15, 'abc', '{"kind": "p"}')], objects => :'parts') AS tree \gset
SELECT status, object, check_name, expected, actual, detail FROM dr._compare(:'tree',
  pg_temp.doc(ARRAY[pg_temp.rel('leaf1', 4, 'A'), pg_temp.rel('leaf2', 5, 'b'), pg_temp.rel('leaf3', 5, 'c'),
    pg_temp.rel('mid', 9, 'Ab', '{"kind": "p"}'), pg_temp.rel('top', 14, 'Abc', '{"kind": "p"}')], objects => :'parts'));
SELECT status, object, check_name, expected, actual, detail FROM dr._compare(:'tree',
  pg_temp.doc(ARRAY[pg_temp.rel('leaf1', 4, 'A'), pg_temp.rel('leaf2', 5, 'b'), pg_temp.rel('leaf3', 6, 'C'),
    pg_temp.rel('mid', 9, 'Ab', '{"kind": "p"}'), pg_temp.rel('top', 15, 'abc', '{"kind": "p"}')], objects => :'parts'));
SELECT status, object, check_name, detail FROM dr._compare(:'tree',
  pg_temp.doc(ARRAY[pg_temp.rel('leaf1', 5, 'a'), pg_temp.rel('leaf2', 5, 'b'),
    pg_temp.rel('mid', 10, 'ab', '{"kind": "p"}'), pg_temp.rel('top', 10, 'ab', '{"kind": "p"}')], objects => (:'parts'::jsonb[])[1:4]));

-- Where rows go by a hash, a restore may scatter them only if the hash is made of OIDs: those of the key's types, not of any column's.
SELECT ARRAY[pg_temp.obj('table', 'app.h', 'TABLE PARTITION BY HASH (id)'), pg_temp.obj('column', 'app.h.id', 'integer NOT NULL'),
             pg_temp.obj('column', 'app.h.mood', 'app.mood'), pg_temp.obj('type', 'app.mood', 'AS ENUM (''a'', ''b'')'),
             pg_temp.obj('table', 'app.h0', 'app.h FOR VALUES WITH (modulus 2, remainder 0)', 'partition of'),
             pg_temp.obj('table', 'app.h1', 'app.h FOR VALUES WITH (modulus 2, remainder 1)', 'partition of')] AS parts \gset
SELECT status, object, check_name, detail FROM dr._compare(
  pg_temp.doc(ARRAY[pg_temp.rel('h0', 5, 'a'), pg_temp.rel('h1', 5, 'b'), pg_temp.rel('h', 10, 'ab', '{"kind": "p"}')], objects => :'parts'),
  pg_temp.doc(ARRAY[pg_temp.rel('h0', 4, 'A'), pg_temp.rel('h1', 6, 'B'), pg_temp.rel('h', 10, 'ab', '{"kind": "p"}')], objects => :'parts'));
SELECT table_name, (SELECT count(*) FROM dr._scattered(pg_temp.doc(objects => ARRAY[
  pg_temp.obj('table', table_name, 'TABLE PARTITION BY HASH (' || key || ')'), pg_temp.obj('column', table_name || '.id', 'integer NOT NULL'),
  pg_temp.obj('column', table_name || '."odd, (name)"', 'app.mood NOT NULL'), pg_temp.obj('column', table_name || '.moods', 'app.mood[]'),
  pg_temp.obj('column', table_name || '.mail', 'public.citext COLLATE "C"'), pg_temp.obj('column', table_name || '.class', 'regclass'),
  pg_temp.obj('column', table_name || '.small', 'app.small'), pg_temp.obj('column', table_name || '.deep', 'app.deep'),
  pg_temp.obj('column', table_name || '.pair', 'app."Pair"'), pg_temp.obj('type', 'app.mood', 'AS ENUM (''a'', ''b'')'),
  pg_temp.obj('domain', 'app.small', 'AS smallint DEFAULT 1'), pg_temp.obj('domain', 'app.deep', 'AS app.mood'),
  pg_temp.obj('type', 'app."Pair"', 'AS (a integer, b app.mood)')]))) AS scattered
FROM (VALUES ('app.plain', 'id'), ('app.odd', 'id, "odd, (name)"'), ('app.several', 'moods'), ('app.extension', 'mail'), ('app.oid', 'class'),
             ('app.domain', 'small'), ('app.deep', 'deep'), ('app.pair', 'pair'), ('app.expression', 'lower((mail)::text)'),
             ('app.opclass', 'id app.int_ops')) AS t (table_name, key);

-- Sequences: ahead is harmless, behind is not, in the direction in which they count.
SELECT * FROM dr._compare(
  pg_temp.doc(sequences => ARRAY[pg_temp.seq('a', 10), pg_temp.seq('b', 10), pg_temp.seq('c', 10), pg_temp.seq('d', 10),
    pg_temp.seq('e', -10, true, -1), pg_temp.seq('f', -10, true, -1), pg_temp.seq('g', 1, false), pg_temp.seq('h', 10),
    pg_temp.seq('i', NULL), pg_temp.seq('k', 5, true), pg_temp.seq('l', 9223372036854775807, true)]),
  pg_temp.doc(sequences => ARRAY[pg_temp.seq('a', 10), pg_temp.seq('b', 1042), pg_temp.seq('c', 9), pg_temp.seq('d', 10, false),
    pg_temp.seq('e', -12, true, -1), pg_temp.seq('f', -8, true, -1), pg_temp.seq('g', 1, true), pg_temp.seq('h', NULL),
    pg_temp.seq('i', 3), pg_temp.seq('j', 1), pg_temp.seq('k', 6, false), pg_temp.seq('l', -9223372036854775808, true)]));
SELECT * FROM dr._compare(pg_temp.doc(sequences => ARRAY[pg_temp.seq('a', 10)]), pg_temp.doc());

-- A standby cannot read what is unlogged: no damage.
SELECT * FROM dr._compare(
  pg_temp.doc(ARRAY[pg_temp.rel('u', 1, 'x', '{"persistence": "u"}'), pg_temp.rel('p', 1, 'x')], ARRAY[pg_temp.seq('s', 3), pg_temp.seq('t', 3)],
    ARRAY[pg_temp.obj('sequence', 'app.s', 'UNLOGGED')]),
  pg_temp.doc(ARRAY[pg_temp.rel('u', NULL, NULL, '{"persistence": "u", "state": "skipped", "note": "unlogged"}'),
    pg_temp.rel('p', NULL, NULL, '{"state": "skipped", "note": "dropped meanwhile"}')], '{}',
    ARRAY[pg_temp.obj('sequence', 'app.s', 'UNLOGGED')], more => '{"server": {"in_recovery": true}}'));

-- Only some relations.
SELECT * FROM dr._compare(
  pg_temp.doc(ARRAY[pg_temp.rel('t', 1, 'x'), pg_temp.rel('u', 1, 'x'), pg_temp.rel('Mixed', 1, 'x')], ARRAY[pg_temp.seq('s', 3)]),
  pg_temp.doc(ARRAY[pg_temp.rel('t', 2, 'y'), pg_temp.rel('x', 1, 'x'), pg_temp.rel('Mixed', 2, 'x')]), '{"only": ["app.t", "app.Mixed"]}');
SELECT * FROM dr._compare(pg_temp.doc(ARRAY[pg_temp.rel('t', 1, 'x')]), pg_temp.doc(), '{"only": ["app.t", "app.typo"]}');
\echo :SQLSTATE

SELECT * FROM dr._compare(pg_temp.doc(), pg_temp.doc(), '{"only": []}');
\echo :SQLSTATE

-- What cannot be compared is an error, not a mismatch.
SELECT * FROM dr._compare(pg_temp.doc(), pg_temp.doc(more => '{"digest": "test-2"}'));
\echo :SQLSTATE
SELECT * FROM dr._compare(pg_temp.doc(), pg_temp.doc(more => '{"version": 2}'));
\echo :SQLSTATE
SELECT * FROM dr._compare('{"format": "something"}', pg_temp.doc());
\echo :SQLSTATE
SELECT * FROM dr._compare(NULL, pg_temp.doc());
SELECT * FROM dr._compare(pg_temp.doc() - 'sequences', pg_temp.doc());
SELECT * FROM dr._compare(pg_temp.doc() - 'uuid', pg_temp.doc());
SELECT * FROM dr._compare(pg_temp.doc(), pg_temp.doc(), '{"noowner": true}');
\echo :SQLSTATE
SELECT * FROM dr._compare(pg_temp.doc(), pg_temp.doc(), '{"no_owner": "yes"}');
SELECT * FROM dr._compare(pg_temp.doc(), pg_temp.doc(), '{"only": [1]}');
SELECT * FROM dr._compare(pg_temp.doc(), pg_temp.doc(), '[]');
SELECT * FROM dr._compare(pg_temp.doc(), pg_temp.doc(), NULL);
