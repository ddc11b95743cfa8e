-- Contrib's types for the hard corpus: a table with values of each, alone, in arrays, in composites, ranges and domains, and with
-- the indexes that the modules exist for. Run in a database where contrib's own tests have run; whatever extension is missing is
-- made, all else is in schema "corpus".
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA corpus;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS cube;
CREATE EXTENSION IF NOT EXISTS earthdistance;
CREATE EXTENSION IF NOT EXISTS seg;
CREATE EXTENSION IF NOT EXISTS isn;
CREATE EXTENSION IF NOT EXISTS intarray;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS lo;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS tablefunc;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS bloom;
CREATE EXTENSION IF NOT EXISTS xml2;
CREATE EXTENSION IF NOT EXISTS dict_int;
CREATE EXTENSION IF NOT EXISTS dict_xsyn;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS intagg;
CREATE EXTENSION IF NOT EXISTS insert_username;
CREATE EXTENSION IF NOT EXISTS autoinc;
CREATE EXTENSION IF NOT EXISTS moddatetime;
CREATE EXTENSION IF NOT EXISTS refint;
CREATE EXTENSION IF NOT EXISTS tcn;
CREATE EXTENSION IF NOT EXISTS file_fdw;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE EXTENSION IF NOT EXISTS tsm_system_rows;
SET search_path = corpus, public;

-- Every scalar type by literals; columns of the type, of its array, and of both in a composite.
CREATE FUNCTION make_type_table(name text, type text, VARIADIC literals text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TYPE corpus.%I AS (one %s, many %s[], n integer)', name || '_row', type, type);
  EXECUTE format('CREATE TABLE corpus.%I (id serial PRIMARY KEY, one %s, many %s[], pair corpus.%I, pairs corpus.%I[])',
    name, type, type, name || '_row', name || '_row');
  EXECUTE format('INSERT INTO corpus.%I (one) SELECT v::%s FROM unnest($1) v', name, type) USING literals;
  EXECUTE format('INSERT INTO corpus.%I (one) VALUES (NULL)', name);
  EXECUTE format('INSERT INTO corpus.%1$I (many, pair, pairs)
    SELECT a, ROW(a[1], a, 7)::corpus.%2$I, ARRAY[ROW(a[1], NULL, 1), NULL, ROW(NULL, a, NULL)]::corpus.%2$I[]
    FROM (SELECT array_agg(one ORDER BY id) || ARRAY[NULL]::%3$s[] AS a FROM corpus.%1$I) x', name, name || '_row', type);
  EXECUTE format('INSERT INTO corpus.%1$I (many) SELECT ARRAY[many, many] FROM corpus.%1$I WHERE many IS NOT NULL', name);
  EXECUTE format($f$INSERT INTO corpus.%1$I (many) VALUES ('{}'), ('[3:3]={NULL}')$f$, name);
END $$;

SELECT make_type_table('t_hstore', 'hstore', '', 'a=>1', 'b=>NULL, "a b"=>"c,d", ""=>""', 'ä=>ö, longer_key=>"\"quoted\""');
SELECT make_type_table('t_ltree', 'ltree', '', 'Top', 'Top.Science.Astronomy', 'a.b.c.d.e.f_1');
SELECT make_type_table('t_lquery', 'lquery', '*', 'Top.*{1,2}.a|b@*', '!x.y%');
SELECT make_type_table('t_ltxtquery', 'ltxtquery', 'Europe & Russia*@', '!a | (b & c)');
SELECT make_type_table('t_citext', 'citext', '', 'a', 'A', 'Äpfel', 'straße  ');
SELECT make_type_table('t_cube', 'cube', '(1)', '(1,2,3)', '(0,0),(1.5,-2)', '[(0),(1e300)]', '()');
SELECT make_type_table('t_seg', 'seg', '1.50', '1.5', '<1.25', '~6.5', '1 .. 2', '5 (+-) 0.3', '-1e7 ..', '.. 2.0');
SELECT make_type_table('t_ean13', 'ean13', '978-0-11-000533-1', '2200000004390!');
SELECT make_type_table('t_isbn', 'isbn', '978-0-393-04002-9', '0-11-000533-3');
SELECT make_type_table('t_isbn13', 'isbn13', '978-0-393-04002-9');
SELECT make_type_table('t_ismn', 'ismn', 'M-2306-7118-7');
SELECT make_type_table('t_issn', 'issn', '1436-4522');
SELECT make_type_table('t_upc', 'upc', '220356483481');
SELECT make_type_table('t_query_int', 'query_int', '1&2|!3', '(4|5)&6');
SELECT make_type_table('t_lo', 'lo', '70001', '0', '4294967295');

-- What the modules are for: their indexes, operators, dictionaries, triggers.
CREATE DOMAIN short_path AS ltree CHECK (nlevel(VALUE) < 9);
CREATE DOMAIN tags AS hstore CHECK (VALUE ? 'kind' OR VALUE IS NULL);
CREATE TYPE citext_range AS RANGE (subtype = citext);
CREATE TABLE indexed (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v5(uuid_ns_url(), 'x'), at short_path, tag tags, name citext UNIQUE, numbers integer[],
  span citext_range, spans citext_multirange, body text, box cube, room integer, during tstzrange, ip inet,
  EXCLUDE USING gist (room WITH =, during WITH &&), CHECK (name OPERATOR(public.<>) 'nobody'));
CREATE INDEX ON indexed USING gist (at);
CREATE INDEX ON indexed USING gin (tag);
CREATE INDEX ON indexed USING gist (numbers gist__intbig_ops (siglen = 252));
CREATE INDEX ON indexed USING gin (numbers gin__int_ops);
CREATE INDEX ON indexed USING gin (body gin_trgm_ops) WHERE body LIKE '%word%' OR name = 'Y';
CREATE INDEX ON indexed USING gist (body gist_trgm_ops (siglen = 32), ip inet_ops);
CREATE INDEX ON indexed USING gist (box, room);
CREATE INDEX ON indexed USING gin (room, body);
CREATE INDEX ON indexed USING bloom (room, body) WITH (length = 80, col1 = 2, col2 = 4);
CREATE INDEX ON indexed (((tag -> 'kind')::citext), lower(name::text));
INSERT INTO indexed
SELECT uuid_generate_v5(uuid_ns_oid(), i::text), ('a.b.c' || i)::ltree, hstore(ARRAY['kind', 'n', 'n' || i % 7], ARRAY['k', i::text, NULL]),
  'Name ' || i, ARRAY[i, i % 5, -i], citext_range('a', ('B' || i)::citext), citext_multirange(citext_range('a', 'c'), citext_range('X', NULL)),
  repeat('word ' || i || ' ', i % 40), cube(ARRAY[i, i * 0.5, -i]), i, tstzrange('2026-01-01', '2026-01-02'), ('10.0.0.' || i % 250)::inet
FROM generate_series(1, 800) i;
CREATE TABLE places (name text, at earth DEFAULT ll_to_earth(52.5, 13.4), near double precision GENERATED ALWAYS AS (round(cube_dim(at))) STORED);
INSERT INTO places (name, at) SELECT 'p' || i, ll_to_earth(i, -i) FROM generate_series(-80, 80, 20) i;
CREATE INDEX ON places USING gist (at);
CREATE TABLE images (id int PRIMARY KEY, raster lo);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON images FOR EACH ROW EXECUTE FUNCTION lo_manage(raster);
INSERT INTO images VALUES (1, lo_from_bytea(70001, decode(repeat('00ff10', 5000), 'hex'))), (2, lo_create(70002));
SELECT lo_put(70002, 100000, '\x01'); -- a sparse one
COMMENT ON LARGE OBJECT 70001 IS 'with a comment';
CREATE TABLE stamped (id serial PRIMARY KEY, who text, changed timestamp);
CREATE TRIGGER who BEFORE INSERT OR UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION insert_username(who);
CREATE TRIGGER changed BEFORE UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION moddatetime(changed);
CREATE TRIGGER told AFTER INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION triggered_change_notification('stamps');
INSERT INTO stamped (who) VALUES ('somebody');
CREATE TEXT SEARCH DICTIONARY digits (TEMPLATE = intdict_template, MAXLEN = 4, REJECTLONG = true);
CREATE TEXT SEARCH CONFIGURATION plain (COPY = english);
ALTER TEXT SEARCH CONFIGURATION plain ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;
ALTER TEXT SEARCH CONFIGURATION plain ALTER MAPPING FOR int WITH digits;
CREATE TABLE documents (id int, body text, words tsvector GENERATED ALWAYS AS (to_tsvector('corpus.plain', body)) STORED);
INSERT INTO documents VALUES (1, 'Hôtel de la Mer 12345678'), (2, 'crème brûlée');
CREATE MATERIALIZED VIEW alike AS SELECT a.name AS a, b.name AS b, similarity(a.body, b.body) AS s
  FROM indexed a JOIN indexed b ON a.body % b.body AND a.room < b.room WHERE a.room < 30 AND b.room < 30;
CREATE VIEW crossed AS SELECT * FROM crosstab('VALUES (''r'', ''c'', 1), (''r'', ''d'', 2)') AS ct(r text, c int, d int);
CREATE VIEW distances AS SELECT name, at <-> ll_to_earth(0, 0) AS d, earth_distance(at, ll_to_earth(1, 1)) FROM places ORDER BY 2;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE passwords (name text, rest text) SERVER files OPTIONS (filename '/dev/null', format 'csv');
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere', dbname 'nothing');
CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (user 'nobody', password 'secret');
CREATE FOREIGN TABLE far (id int, name citext) SERVER elsewhere OPTIONS (table_name 'x');
CREATE TABLE parted (at ltree, day date, h hstore) PARTITION BY RANGE (day);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE parted_b (h hstore, day date, junk int, at ltree);
ALTER TABLE parted_b DROP junk;
ALTER TABLE parted ATTACH PARTITION parted_b FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
INSERT INTO parted SELECT ('p.' || i)::ltree, date '2025-12-01' + i, hstore('k', i::text) FROM generate_series(1, 60) i;
