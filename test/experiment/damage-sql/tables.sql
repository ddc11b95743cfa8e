-- A table for each type and each layout of rows, in two schemas: "fresh", whose rows nobody has read yet, and "vacuumed", whose pages
-- are marked all-visible. Values that are easy to take apart wrongly: nested, long, NULL, out of line, compressed.
CREATE EXTENSION hstore;
CREATE EXTENSION ltree;
CREATE EXTENSION citext;
CREATE EXTENSION cube;
CREATE TYPE mood AS ENUM ('sad', 'fine', 'glad');
CREATE TYPE pair AS (z int, a text);
CREATE TYPE deep AS (one pair, many pair[], when_ timestamptz, j jsonb);
CREATE DOMAIN pairs AS pair[];
CREATE TYPE text_range AS RANGE (subtype = text, collation = "C");

CREATE TABLE kinds (name text, type text, value text);
COPY kinds FROM stdin DELIMITER '~';
bool~boolean~i % 2 = 0
char1~"char"~chr(65 + i % 26)::"char"
int2~smallint~i
int8~bigint~i * 1000000007::bigint
oid~oid~i::oid
float4~real~i / 7.0
float8~double precision~i / 7.0
money~money~(i / 7.0)::numeric::money
numeric~numeric~(i * 12345.678901 * (10 ^ (i % 30))::numeric)::numeric
text~text~repeat(md5(i::text), i % 7)
varchar~varchar(50)~left(md5(i::text), i % 40)
bpchar~char(9)~i::text
bytea~bytea~sha256(i::text::bytea)
name~name~('n' || i)::name
citext~citext~'MiXed' || i
json~json~json_build_object('k', i, 'v', repeat('x', i % 90))
jsonb~jsonb~jsonb_build_object('k', i / 7.0, 'list', jsonb_build_array(1, NULL, true, 'x' || i, '{}'::jsonb), 'deep', jsonb_build_object('a', jsonb_build_object('b', repeat('y', i % 50))))
jsonpath~jsonpath~('lax $.a[0, ' || i || ' to last] ? (@.b > ' || i / 7.0 || ' && @.c like_regex "^x' || i || '" flag "i").**{2 to 3}.size()')::jsonpath
uuid~uuid~md5(i::text)::uuid
date~date~'2026-01-01'::date + i::int
time~time~'00:00'::time + i * '1 s'::interval
timetz~timetz~('00:00'::time + i * '1 s'::interval)::timetz
timestamptz~timestamptz~'2026-01-01'::timestamptz + i * '1 h'::interval
interval~interval~i * '1 day 3 s'::interval
bit~varbit~i::int::bit(32)::varbit || (i * 3)::int::bit(17)::varbit
inet~inet~'10.0.0.0'::inet + i
inet6~cidr~set_masklen('2001:db8::'::cidr, (i % 64)::int + 32)
macaddr~macaddr~'08:00:2b:01:02:03'::macaddr
point~point~point(i, i / 3.0)
box~box~box(point(i, i), point(0, 1))
path~path~('[(0,0),(1,' || i || '),(2,2)]')::path
polygon~polygon~('((0,0),(1,' || i || '),(2,2),(3,3))')::polygon
circle~circle~circle(point(i, i), 2)
tsvector~tsvector~setweight(to_tsvector('simple', 'a b' || i || ' ' || repeat('word' || i || ' ', (i % 9)::int)), 'B')
tsquery~tsquery~('a' || i || ' & !( b <-> c )')::tsquery
xml~xml~('<a b="' || i || '">x</a>')::xml
pg_lsn~pg_lsn~('16/' || to_hex(i))::pg_lsn
tid~tid~('(' || i || ',3)')::tid
snapshot~pg_snapshot~(i || ':' || i + 20 || ':' || i + 2 || ',' || i + 5)::pg_snapshot
int2vector~int2vector~('1 2 ' || i)::int2vector
regclass~regclass~CASE WHEN i % 3 = 0 THEN 'pg_class' ELSE 'pg_type' END::regclass
aclitem~aclitem~makeaclitem('postgres'::regrole, 'postgres'::regrole, 'SELECT', i % 2 = 0)
mood~mood~(enum_range(NULL::mood))[i % 3 + 1]
pair~pair~(i, repeat('p', i % 200))::pair
deep~deep~((i, NULL)::pair, ARRAY[(i, 'a')::pair, NULL, (NULL, repeat('b', i % 90))::pair], now(), jsonb_build_array(i))::deep
pairs~pairs~ARRAY[(i, 'a')::pair, (NULL, 'bc')::pair]
int4range~int4range~int4range(i::int, CASE WHEN i % 5 = 0 THEN NULL ELSE i::int + 9 END)
numrange~numrange~numrange(i / 7.0, i + 1.5, '[]')
text_range~text_range~text_range(md5(i::text), 'g' || i)
multirange~int4multirange~int4multirange(int4range(i::int, i::int + 2), int4range(i::int + 5, i::int + 9), int4range(i::int + 20, NULL))
nummultirange~nummultirange~nummultirange(numrange(i, i + 1), numrange(i + 2, i + 2.25), numrange(i + 3, i + 4.125, '[]'), numrange(i + 5, i + 6), numrange(i + 7, i + 8), numrange(i + 9, i + 10))
text_array~text[]~ARRAY['a' || i, NULL, repeat('b', i % 99), '']
int_matrix~int[]~ARRAY[[i, 2, 3], [4, NULL, 6]]
jsonb_array~jsonb[]~ARRAY[jsonb_build_object('k', i), NULL, '[1, {"x": 2.50}]']
hstore~hstore~hstore(ARRAY['a', 'b' || i, 'c'], ARRAY[i::text, NULL, repeat('v', i % 60)])
ltree~ltree~('Top.Science.n' || i)::ltree
cube~cube~cube(ARRAY[i, 2, 3], ARRAY[4, 5, i])
\.
-- Versions and installations differ: what is not there is left out.
DELETE FROM kinds WHERE to_regtype(type) IS NULL;
INSERT INTO kinds
SELECT 'vector', 'vector', '(''['' || i || '',0.1,2]'')::vector' FROM pg_available_extensions WHERE name = 'vector';
DO $$ BEGIN
  IF EXISTS (SELECT FROM kinds WHERE name = 'vector') THEN CREATE EXTENSION vector; END IF;
END $$;

-- Rows enough for some dense pages of each.
CREATE PROCEDURE make_tables(schema text) LANGUAGE plpgsql AS $$
DECLARE
  kind kinds;
BEGIN
  EXECUTE format('CREATE SCHEMA %I', schema);
  PERFORM set_config('search_path', schema || ', public', true);
  FOR kind IN SELECT * FROM kinds LOOP
    EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY, v %s)', 'a_' || kind.name, kind.type);
    EXECUTE format('INSERT INTO %I SELECT i, CASE WHEN i %% 17 <> 0 THEN %s END FROM generate_series(1, 150) AS i', 'a_' || kind.name, kind.value);
  END LOOP;
  CREATE TABLE fixed (id int PRIMARY KEY, a bigint, b smallint, c float8, d uuid, e boolean);
  INSERT INTO fixed SELECT i, i, i, i / 3.0, md5(i::text)::uuid, i % 2 = 0 FROM generate_series(1, 200) AS i;
  CREATE TABLE keyless (a int, b text, c numeric);
  INSERT INTO keyless SELECT i % 7, 'b' || i, i / 7.0 FROM generate_series(1, 200) AS i;
  CREATE TABLE altered (gone text, id int PRIMARY KEY, b numeric DEFAULT 1.10);
  INSERT INTO altered (gone, id) SELECT 'x', i FROM generate_series(1, 150) AS i;
  ALTER TABLE altered DROP gone, ADD c text DEFAULT 'missing', ADD d timestamptz DEFAULT '2026-01-01 00:00+00', ADD e hstore DEFAULT 'a=>1';
  INSERT INTO altered (id, c) SELECT i, NULLIF(i % 3, 0)::text FROM generate_series(151, 200) AS i;
  CREATE TABLE computed (id int PRIMARY KEY, a text, twice int GENERATED ALWAYS AS (id * 2) STORED, path ltree);
  INSERT INTO computed (id, a, path) SELECT i, 'a' || i, ('Top.' || i)::ltree FROM generate_series(1, 150) AS i;
  EXECUTE 'CREATE TABLE wide (id int PRIMARY KEY, ' || (SELECT string_agg(format('c%s %s', n, (ARRAY['int', 'text', 'numeric', 'bool', 'jsonb', 'text[]'])[n % 6 + 1]), ', ') FROM generate_series(1, 60) AS n) || ')';
  EXECUTE 'INSERT INTO wide SELECT i, ' || (SELECT string_agg((ARRAY['i', 'NULLIF(''t'' || i % 5, ''t0'')', 'i / 7.0', 'i % 2 = 0', 'to_jsonb(i)', 'ARRAY[i::text]'])[n % 6 + 1], ', ') FROM generate_series(1, 60) AS n) || ' FROM generate_series(1, 60) AS i';
  CREATE TABLE external (id int PRIMARY KEY, v text, w bytea);
  ALTER TABLE external ALTER v SET STORAGE external, ALTER w SET STORAGE external;
  INSERT INTO external SELECT i, repeat(md5(i::text), 90 + i), decode(repeat('00ff', 1500 + i), 'hex') FROM generate_series(1, 30) AS i;
  CREATE TABLE compressed (id int PRIMARY KEY, v text, w text);
  INSERT INTO compressed SELECT i, repeat('abc' || i, 900), (SELECT string_agg(md5((i * n)::text) || repeat('z', n), '') FROM generate_series(1, 80) AS n) FROM generate_series(1, 30) AS i;
  CREATE TABLE toasted_jsonb (id int PRIMARY KEY, v jsonb);
  INSERT INTO toasted_jsonb SELECT i, (SELECT jsonb_object_agg('k' || n, jsonb_build_array(n / 7.0, md5((i * n)::text))) FROM generate_series(1, 120) AS n) FROM generate_series(1, 20) AS i;
  CREATE TABLE toasted_lists (id int PRIMARY KEY, v numeric[], w pair[], x hstore);
  INSERT INTO toasted_lists SELECT i, (SELECT array_agg(n * i / 7.0) FROM generate_series(1, 400) AS n), (SELECT array_agg((n, md5(n::text))::pair) FROM generate_series(1, 90) AS n),
    (SELECT hstore(array_agg('k' || n), array_agg(md5((n * i)::text))) FROM generate_series(1, 80) AS n) FROM generate_series(1, 20) AS i;
  CREATE TABLE large (id int PRIMARY KEY, v text);
  ALTER TABLE large ALTER v SET STORAGE external;
  INSERT INTO large SELECT i, repeat(md5(i::text), 40000) FROM generate_series(1, 2) AS i;
  IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND enumvals @> '{lz4}') THEN
    CREATE TABLE lz4 (LIKE compressed INCLUDING ALL);
    EXECUTE 'ALTER TABLE lz4 ALTER v SET COMPRESSION lz4, ALTER w SET COMPRESSION lz4';
    PERFORM set_config('default_toast_compression', 'lz4', true);
    INSERT INTO lz4 SELECT id, v || '', w || '' FROM compressed;
  END IF;
END $$;
CALL make_tables('vacuumed');
CALL make_tables('fresh');
DO $$ BEGIN -- updated and deleted rows: chains, dead tuples, line pointers that are not in use
  PERFORM set_config('search_path', 'fresh', true);
  UPDATE fresh.a_text SET v = v || 'x' WHERE id % 5 = 0;
  DELETE FROM fresh.a_numeric WHERE id % 4 = 0;
END $$;

-- Runs a statement whose result is one text, and says how that ended: state, result or message, context. undo: nothing of it stays.
CREATE FUNCTION probe(statement text, undo boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
  message text;
  place text;
BEGIN
  BEGIN
    EXECUTE statement INTO answer;
    IF undo THEN RAISE SQLSTATE 'ZU000'; END IF;
  EXCEPTION
    WHEN SQLSTATE 'ZU000' THEN NULL;
    WHEN query_canceled OR OTHERS THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, place = PG_EXCEPTION_CONTEXT;
      RETURN concat_ws(E'\x1f', SQLSTATE, regexp_replace(message, '\s+', ' ', 'g'), regexp_replace(place, '\s+', ' ', 'g'));
  END;
  RETURN concat_ws(E'\x1f', 'ok', answer, '');
END $$;
-- All tables but these are put where a snapshot does not look.
CREATE FUNCTION snapshot_of(tables oid[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  UPDATE pg_class SET relnamespace = 'information_schema'::regnamespace, relname = 'other' || oid
  WHERE relnamespace IN ('fresh'::regnamespace, 'vacuumed'::regnamespace) AND relkind = 'r' AND oid <> ALL (tables);
  RETURN public.dr_snapshot_counts('damage', content => true);
END $$;
