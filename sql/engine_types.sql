-- One value in two forms has one canonical form; the smallest change has another.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA types;
SET search_path = types, public;
\set VERBOSITY terse

CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE mood_again AS ENUM ('happy');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE pair_reordered AS (b text, a int);
CREATE DOMAIN number AS int;
CREATE DOMAIN numbers AS number[];

-- Equal
SELECT what, a = b AS equal FROM (VALUES
  ('numeric by another path', dr._canonical(ROW(1.10)), dr._canonical(ROW((110::numeric / 100)::numeric(10,2)))),
  ('one NaN', dr._canonical(ROW('NaN'::float8)), dr._canonical(ROW('Infinity'::float8 - 'Infinity'::float8))),
  ('jsonb, order and spaces of the input', dr._canonical(ROW('{"b":1,"a":[1,2]}'::jsonb)), dr._canonical(ROW('{ "a": [1, 2], "b": 1 }'::jsonb))),
  ('jsonb, duplicate keys of the input', dr._canonical(ROW('{"a":1,"a":2}'::jsonb)), dr._canonical(ROW('{"a":2}'::jsonb))),
  ('array with a bitmap that no null needs', dr._canonical(ROW('{1,2}'::int[])), dr._canonical(ROW((ARRAY[1,2,NULL])[1:2]))),
  ('enum label', dr._canonical(ROW('happy'::mood)), dr._canonical(ROW('happy'::mood_again))),
  ('domain', dr._canonical(ROW(5::number)), dr._canonical(ROW(5))),
  ('array of a domain', dr._canonical(ROW('{5}'::number[])), dr._canonical(ROW('{5}'::int[]))),
  ('domain over an array', dr._canonical(ROW('{5}'::numbers)), dr._canonical(ROW('{5}'::int[]))),
  ('composite by column name', dr._canonical(ROW((1,'x')::pair)), dr._canonical(ROW(('x',1)::pair_reordered))),
  ('range, canonical bounds', dr._canonical(ROW('[1,4]'::int4range)), dr._canonical(ROW('[1,5)'::int4range))),
  ('timestamptz in two zones', dr._canonical(ROW('2026-01-01 12:00+00'::timestamptz)), dr._canonical(ROW('2026-01-01 14:00+02'::timestamptz))),
  ('tsvector, order of the input', dr._canonical(ROW('b a'::tsvector)), dr._canonical(ROW('a b'::tsvector))),
  ('int2vector is an array', dr._canonical(ROW('1 2'::int2vector)), dr._canonical(ROW('[0:1]={1,2}'::int2[]))),
  ('short and long varlena', dr._canonical(ROW(repeat('x', 126))), dr._canonical(ROW(repeat('x', 100) || repeat('x', 26))))
) AS v(what, a, b) ORDER BY equal, what;

-- Different
SELECT what, a <> b AS different FROM (VALUES
  ('NULL and empty text', dr._canonical(ROW(NULL::text)), dr._canonical(ROW(''::text))),
  ('NULL moves', dr._canonical(ROW(NULL::int, 1)), dr._canonical(ROW(1, NULL::int))),
  ('text boundary', dr._canonical(ROW('ab'::text, 'c'::text)), dr._canonical(ROW('a'::text, 'bc'::text))),
  ('trailing space', dr._canonical(ROW('a'::text)), dr._canonical(ROW('a '::text))),
  ('padding of char(n)', dr._canonical(ROW('a'::char(2))), dr._canonical(ROW('a'::char(3)))),
  ('combining accent', dr._canonical(ROW(U&'\00E9')), dr._canonical(ROW(U&'e\0301'))),
  ('numeric scale', dr._canonical(ROW(1.1)), dr._canonical(ROW(1.10))),
  ('numeric sign', dr._canonical(ROW(1.1)), dr._canonical(ROW(-1.1))),
  ('numeric weight', dr._canonical(ROW(1::numeric)), dr._canonical(ROW(10000::numeric))),
  ('minus zero', dr._canonical(ROW('0'::float8)), dr._canonical(ROW('-0'::float8))),
  ('last bit of a float', dr._canonical(ROW(0.1::float8 + 0.2::float8)), dr._canonical(ROW(0.3::float8))),
  ('jsonb number scale', dr._canonical(ROW('[1.1]'::jsonb)), dr._canonical(ROW('[1.10]'::jsonb))),
  ('jsonb number and string', dr._canonical(ROW('[1]'::jsonb)), dr._canonical(ROW('["1"]'::jsonb))),
  ('jsonb null and false', dr._canonical(ROW('[null]'::jsonb)), dr._canonical(ROW('[false]'::jsonb))),
  ('jsonb array order', dr._canonical(ROW('[1,2]'::jsonb)), dr._canonical(ROW('[2,1]'::jsonb))),
  ('jsonb nesting', dr._canonical(ROW('[[1],2]'::jsonb)), dr._canonical(ROW('[[1,2]]'::jsonb))),
  ('jsonb scalar and array', dr._canonical(ROW('1'::jsonb)), dr._canonical(ROW('[1]'::jsonb))),
  ('jsonb key', dr._canonical(ROW('{"a":1}'::jsonb)), dr._canonical(ROW('{"b":1}'::jsonb))),
  ('json text', dr._canonical(ROW('{"a":1}'::json)), dr._canonical(ROW('{"a": 1}'::json))),
  ('json null and SQL NULL', dr._canonical(ROW('null'::jsonb)), dr._canonical(ROW(NULL::jsonb))),
  ('array bounds', dr._canonical(ROW('{1,2}'::int[])), dr._canonical(ROW('[0:1]={1,2}'::int[]))),
  ('array dimensions', dr._canonical(ROW('{1,2}'::int[])), dr._canonical(ROW('{{1,2}}'::int[]))),
  ('array null and text null', dr._canonical(ROW('{NULL}'::text[])), dr._canonical(ROW('{"NULL"}'::text[]))),
  ('array null position', dr._canonical(ROW('{NULL,1}'::int[])), dr._canonical(ROW('{1,NULL}'::int[]))),
  ('enum label', dr._canonical(ROW('sad'::mood)), dr._canonical(ROW('happy'::mood))),
  ('composite NULL and composite of NULL', dr._canonical(ROW(NULL::pair)), dr._canonical(ROW(ROW(NULL, NULL)::pair))),
  ('composite field', dr._canonical(ROW(ROW(1, 'x')::pair)), dr._canonical(ROW(ROW(1, 'y')::pair))),
  ('range bound', dr._canonical(ROW('[1.0,2.0]'::numrange)), dr._canonical(ROW('[1.0,2.0)'::numrange))),
  ('range empty', dr._canonical(ROW('empty'::numrange)), dr._canonical(ROW('(,)'::numrange))),
  ('range infinite and infinity', dr._canonical(ROW('[2026-01-01,)'::daterange)), dr._canonical(ROW('[2026-01-01,infinity)'::daterange))),
  ('day and 24 hours', dr._canonical(ROW('1 day'::interval)), dr._canonical(ROW('24 hours'::interval))),
  ('month and 30 days', dr._canonical(ROW('1 month'::interval)), dr._canonical(ROW('30 days'::interval))),
  ('timetz of one instant', dr._canonical(ROW('12:00+00'::timetz)), dr._canonical(ROW('14:00+02'::timetz))),
  ('a microsecond', dr._canonical(ROW('2026-01-01 00:00:00.000001'::timestamp)), dr._canonical(ROW('2026-01-01'::timestamp))),
  ('bit length', dr._canonical(ROW(B'10'::varbit)), dr._canonical(ROW(B'100'::varbit))),
  ('inet mask', dr._canonical(ROW('10.0.0.1/24'::inet)), dr._canonical(ROW('10.0.0.1/25'::inet))),
  ('inet family', dr._canonical(ROW('1.2.3.4'::inet)), dr._canonical(ROW('::1.2.3.4'::inet))),
  ('tsvector weight', dr._canonical(ROW('a:1A'::tsvector)), dr._canonical(ROW('a:1B'::tsvector))),
  ('tsvector position', dr._canonical(ROW('a:1'::tsvector)), dr._canonical(ROW('a'::tsvector))),
  ('bytea', dr._canonical(ROW('\x00'::bytea)), dr._canonical(ROW('\x0000'::bytea))),
  ('one more column', dr._canonical(ROW(1)), dr._canonical(ROW(1, NULL::int))),
  ('point', dr._canonical(ROW('(0,0)'::point)), dr._canonical(ROW('(-0,0)'::point))),
  ('xml', dr._canonical(ROW('<a/>'::xml)), dr._canonical(ROW('<a></a>'::xml)))
) AS v(what, a, b) ORDER BY different, what;

-- reg* types by name; a dangling number stays a number
CREATE TABLE named (i int);
SELECT convert_from(substr(dr._canonical(ROW('named'::regclass)), 9), 'UTF8') AS by_name,
       convert_from(substr(dr._canonical(ROW(3999999999::oid::regclass)), 9), 'UTF8') AS dangling;

-- Text of another type, an extension's for instance, is its bytes; anything else its output.
CREATE EXTENSION citext SCHEMA types;
CREATE EXTENSION hstore SCHEMA types;
SELECT dr._canonical(ROW('Ab'::citext)) = dr._canonical(ROW('Ab'::text)) AS citext_is_bytes,
       dr._canonical(ROW('Ab'::citext)) <> dr._canonical(ROW('ab'::citext)) AS citext_case,
       dr._canonical(ROW('b=>2, a=>1'::hstore)) = dr._canonical(ROW('"a"=>"1","b"=>"2"'::hstore)) AS hstore_order,
       dr._canonical(ROW('a=>NULL'::hstore)) <> dr._canonical(ROW('a=>"NULL"'::hstore)) AS hstore_null;
SELECT dr._canonical(ROW('<?xml version="1.0" encoding="UTF-8"?><a/>'::xml)) = dr._canonical(ROW('<a/>'::xml)) AS xml_declaration;

-- A nested anonymous record
SELECT dr._canonical(ROW(ROW(1, ROW('x'::text, NULL::int))));

-- More columns than the encoder keeps on its stack
DO $$ BEGIN
  EXECUTE 'CREATE TYPE types.wide AS (' || (SELECT string_agg('c' || i || ' int', ', ') FROM generate_series(1, 100) i) || ')';
END $$;
SELECT length(dr._canonical(ROW(jsonb_populate_record(NULL::types.wide, '{"c100": 1, "c7": 2}')))) AS wide;

-- Deep nesting
SELECT length(dr._canonical(ROW((repeat('[', 500) || repeat(']', 500))::jsonb))) AS deep;

DROP SCHEMA types CASCADE;
