-- The rows of the mutation experiment: one column for each type, in every way in which a table can hold rows. The objects come
-- from test/t/schema.sql.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA extensions;
CREATE EXTENSION hstore SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE EXTENSION ltree SCHEMA extensions;
CREATE EXTENSION cube SCHEMA extensions;
CREATE EXTENSION dblink SCHEMA extensions;
SET search_path = data, extensions, public;

CREATE SCHEMA data;
CREATE TYPE data.colour AS ENUM ('red', 'green', 'blue', 'Blue');
CREATE TYPE data.pair AS (n integer, t text);
CREATE TYPE data.nest AS (p data.pair, many integer[], m data.colour);
CREATE TYPE data.span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE DOMAIN data.word AS text CHECK (length(VALUE) < 100);
CREATE DOMAIN data.short AS data.word;

CREATE TABLE data.types (
  id integer NOT NULL,
  bool_ boolean, char_ "char", int2_ smallint, int4_ integer, int8_ bigint, oid_ oid,
  num numeric, num_fixed numeric(20, 4), float4_ real, float8_ double precision, money_ money,
  text_ text, varchar_ varchar(80), bpchar_ char(24), name_ name, bytea_ bytea, bit_ bit(13), varbit_ varbit, uuid_ uuid,
  date_ date, time_ time, timetz_ timetz, ts timestamp, tstz timestamptz, interval_ interval,
  json_ json, jsonb_ jsonb, jsonpath_ jsonpath, xml_ xml, tsvector_ tsvector, tsquery_ tsquery,
  inet_ inet, cidr_ cidr, mac macaddr, mac8 macaddr8,
  point_ point, line_ line, lseg_ lseg, box_ box, path_ path, polygon_ polygon, circle_ circle,
  lsn pg_lsn, xid_ xid, xid8_ xid8, tid_ tid, regclass_ regclass, snapshot_ pg_snapshot,
  int4range_ int4range, numrange_ numrange, tstzrange_ tstzrange, span_ data.span, int4multi int4multirange,
  enum_ data.colour, pair_ data.pair, nest_ data.nest, word_ data.word, short_ data.short,
  ints integer[], texts text[], colours data.colour[], pairs data.pair[], words data.word[], nums numeric[],
  hstore_ extensions.hstore, citext_ extensions.citext, ltree_ extensions.ltree, cube_ extensions.cube,
  twice integer GENERATED ALWAYS AS (id * 2) STORED
);

CREATE FUNCTION data.fill(i integer) RETURNS data.types LANGUAGE sql AS $$
  SELECT i,
    i % 2 = 0, chr(97 + i % 20)::"char", (i * 37)::smallint, i * 1000003, i * 10000000019, (i * 77777)::oid,
    i * 1.50, i * 3.3333, (i * 0.3 + 0.1)::real, i * 0.7 + 0.1, (i * 12.34)::numeric::money,
    CASE i % 6 WHEN 5 THEN '' ELSE 'text é ' || i || repeat(md5(i::text), i % 4) END, 'varchar ' || i, 'fixed ' || i,
    ('name_' || i)::name, decode(md5(i::text) || '00ff', 'hex'), (i * 97)::bit(13), ((i * 97)::bit(20))::varbit, md5(i::text)::uuid,
    date '2026-01-01' + i, time '01:02:03.5' + i * interval '1 minute', (time '01:02:03' + i * interval '1 minute') AT TIME ZONE 'UTC',
    timestamp '2026-01-01' + i * interval '1.000001 hour', timestamptz '2026-01-01Z' + i * interval '1 hour',
    make_interval(months => i % 3, days => 1 + i % 5, secs => i),
    format('{"a": %s, "b": [1, null]}', i)::json, format('{"n": 1.0, "i": %s, "deep": {"s": "x%s", "a": [true, null, 2.50]}}', i, i)::jsonb,
    ('$.a[*] ? (@ > ' || i || ')')::jsonpath, ('<a n="' || i || '">text</a>')::xml,
    to_tsvector('simple', 'quick brown fox number ' || i), ('quick & fox' || i)::tsquery,
    ('10.0.' || i % 250 || '.7/16')::inet, ('10.' || i % 250 || '.0.0/16')::cidr, ('08:00:2b:01:02:' || to_char(i % 90, 'FM00'))::macaddr,
    ('08:00:2b:01:02:03:04:' || to_char(i % 90, 'FM00'))::macaddr8,
    point(i, 0.1), line(point(0, 0), point(1, i + 1)), lseg(point(0, i), point(1, 2)), box(point(0, 0), point(i, 3)),
    CASE WHEN i % 2 = 0 THEN path '((0,0),(1,2),(3,1))' ELSE path '[(0,0),(1,2)]' END + point(i, 0),
    polygon(box(point(0, 0), point(i + 1, 2))), circle(point(i, 1), 2.5),
    ('0/' || to_hex(i * 4096))::pg_lsn, i::text::xid, (i * 5000000000)::text::xid8, ('(' || i || ',3)')::tid,
    CASE WHEN i % 3 = 0 THEN 'data.types'::regclass ELSE 'pg_class'::regclass END, (i || ':' || i + 5 || ':' || i + 2)::pg_snapshot,
    int4range(i, i + 10), numrange(i, i + 1.50), tstzrange(timestamptz '2026-01-01Z', timestamptz '2026-01-01Z' + i * interval '1 day'),
    data.span(i, i + 0.5), int4multirange(int4range(i, i + 2), int4range(i + 5, i + 9)),
    (enum_range(NULL::data.colour))[1 + i % 4], ROW(i, CASE WHEN i % 3 = 0 THEN '' ELSE 'p' || i END)::data.pair,
    ROW(ROW(i, 'deep'), ARRAY[i, NULL, 3], 'green')::data.nest, 'word ' || i, 'short ' || i,
    ARRAY[i, 1, NULL, 7], ARRAY['', 'a' || i, NULL], ARRAY['red', 'Blue']::data.colour[],
    ARRAY[ROW(i, 'x'), NULL, ROW(NULL, '')]::data.pair[], ARRAY['w' || i]::data.word[], ARRAY[i * 1.10, 2.0],
    extensions.hstore(ARRAY['a', i::text, 'b', NULL]), ('Citext ' || i)::extensions.citext, ('top.n' || i)::extensions.ltree,
    extensions.cube(ARRAY[i, 2.5], ARRAY[i + 1, 3.5]),
    i * 2
$$;
-- What INSERT may name: every column but the generated one.
CREATE FUNCTION data.columns() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
  WHERE attrelid = 'data.types'::regclass AND attnum > 0 AND attgenerated = ''
$$;
CREATE TABLE data.loose (LIKE data.types INCLUDING GENERATED);
CREATE TABLE data.parts (LIKE data.types INCLUDING GENERATED, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE data.parts_low PARTITION OF data.parts FOR VALUES FROM (MINVALUE) TO (10);
CREATE TABLE data.parts_high PARTITION OF data.parts FOR VALUES FROM (10) TO (MAXVALUE);
SELECT format('INSERT INTO data.%s (%s) SELECT %2$s FROM generate_series(1, 16) AS i, LATERAL data.fill(i) AS f', t, data.columns())
FROM unnest(ARRAY['types', 'loose', 'parts']) AS t \gexec
ALTER TABLE data.types ADD PRIMARY KEY (id);
-- Every column NULL, and floats that are not like others.
INSERT INTO data.types (id) VALUES (100);
INSERT INTO data.types (id, float4_, float8_, num, interval_, date_, tstz, int4range_, numrange_, ints, jsonb_) VALUES
  (101, 0, 0, 'NaN', '1 day', 'infinity', '-infinity', 'empty', '[1,2)', '{}', '{}'),
  (102, 'NaN', '-Infinity', '-1.00', '-1 mon', '0001-01-01 BC', '2026-01-01Z', '(,)', '(,)', '[0:1]={1,2}', '[]');

-- Equal rows.
CREATE TABLE data.twins (a integer, b text);
INSERT INTO data.twins SELECT i % 3, CASE WHEN i % 2 = 0 THEN 'even' END FROM generate_series(1, 30) AS i;

-- Out of line: compressed, not compressed, with each method.
CREATE TABLE data.toasted (key text PRIMARY KEY, packed text, plain text, bytes bytea, doc jsonb, lz text COMPRESSION lz4);
ALTER TABLE data.toasted ALTER COLUMN plain SET STORAGE EXTERNAL;
INSERT INTO data.toasted
SELECT 'key ' || i, repeat('packed ' || i, 3000), (SELECT string_agg(md5((i * j)::text), '') FROM generate_series(1, 300) AS j),
       decode((SELECT string_agg(md5((i + j)::text), '') FROM generate_series(1, 300) AS j), 'hex'),
       jsonb_build_object('long', repeat('doc' || i, 3000), 'list', (SELECT jsonb_agg(j) FROM generate_series(1, 900) AS j)),
       repeat('lz' || i, 3000)
FROM generate_series(1, 6) AS i;

CREATE TABLE data.two_keys (b text COLLATE "C", a integer, v text, PRIMARY KEY (b, a));
INSERT INTO data.two_keys SELECT chr(96 + i % 3), i, 'v' || i FROM generate_series(1, 30) AS i;
CREATE TABLE data.unique_key (code text NOT NULL UNIQUE, v text);
INSERT INTO data.unique_key SELECT 'code ' || i, 'v' || i FROM generate_series(1, 30) AS i;

-- Columns that came and went; the last one has its value in the catalog only.
CREATE TABLE data.later (id integer PRIMARY KEY, gone integer, v text);
INSERT INTO data.later SELECT i, i, 'v' || i FROM generate_series(1, 20) AS i;
ALTER TABLE data.later DROP COLUMN gone;
ALTER TABLE data.later ADD COLUMN added text DEFAULT 'added later';
CREATE TABLE data.parent (id integer PRIMARY KEY, v text);
CREATE TABLE data.heir (more text, PRIMARY KEY (id)) INHERITS (data.parent);
INSERT INTO data.parent SELECT i, 'v' || i FROM generate_series(1, 10) AS i;
INSERT INTO data.heir SELECT i, 'v' || i, 'm' || i FROM generate_series(1, 10) AS i;
CREATE TABLE data."Odd ""Tab.le" ("Key" integer PRIMARY KEY, "Wert ß" text);
INSERT INTO data."Odd ""Tab.le" SELECT i, 'Größe ' || i FROM generate_series(1, 20) AS i;
CREATE TABLE data.no_columns ();
INSERT INTO data.no_columns DEFAULT VALUES;
INSERT INTO data.no_columns DEFAULT VALUES;

-- Large objects on both sides of a page, with a hole.
SELECT lo_from_bytea(5000, decode(repeat('5047', 3000), 'hex')), lo_from_bytea(5001, ''), lo_put(lo_create(5002), 100000, 'end');
-- app's publication of all tables wants to know which row changed.
ALTER TABLE data.loose REPLICA IDENTITY FULL;
ALTER TABLE data.twins REPLICA IDENTITY FULL;
ALTER TABLE data.unique_key REPLICA IDENTITY FULL;
ALTER TABLE data.no_columns REPLICA IDENTITY FULL;
