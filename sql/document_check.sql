-- Documents come from outside: each member of one missing, null, of every wrong type, empty, huge or negative, given to every function that
-- takes a document. What is not accepted has SQLSTATE 22023, or 0A000 where a version or an algorithm is unknown; nothing ends the server.
SET client_min_messages = error;
DROP DATABASE IF EXISTS regress_pgdr_document;
SELECT current_database() AS regression \gset
CREATE DATABASE regress_pgdr_document TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_pgdr_document
SET client_min_messages = error;
\set SHOW_CONTEXT never
\pset format unaligned
CREATE EXTENSION pgdr;
CREATE TABLE item (id int, part int, name text, twice int GENERATED ALWAYS AS (id * 2) STORED, PRIMARY KEY (part, id));
INSERT INTO item SELECT i, i % 3, 'item ' || i FROM generate_series(1, 500) AS i;
CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
INSERT INTO parts SELECT generate_series(1, 300);
CREATE SEQUENCE counter;
CREATE TABLE taken AS SELECT dr._collect(true, true) AS d;

CREATE FUNCTION attempt(what text, document jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  ignored bigint;
BEGIN
  EXECUTE CASE what
    WHEN 'import' THEN 'SELECT dr.snapshot_import($1)'
    WHEN 'differences' THEN 'SELECT count(*) FROM dr.differences_snapshot($1, ''item'')'
    WHEN 'compare' THEN 'SELECT count(*) FROM dr._compare($1, (SELECT d FROM taken))' END
  INTO ignored USING document;
  RAISE EXCEPTION USING ERRCODE = 'P0999';  -- nothing stays
EXCEPTION WHEN SQLSTATE 'P0999' THEN RETURN 'accepted';
WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
-- Every place of the document that holds something, the lists by the first few of their elements.
CREATE FUNCTION places(document jsonb) RETURNS TABLE (place text[]) LANGUAGE sql AS $$
  WITH RECURSIVE p AS (
    SELECT ARRAY[k] AS place, document -> k AS value FROM jsonb_object_keys(document) AS k
    UNION ALL
    SELECT p.place || c.key, c.value
    FROM p CROSS JOIN LATERAL (
      SELECT o.key, o.value FROM jsonb_each(CASE jsonb_typeof(p.value) WHEN 'object' THEN p.value ELSE '{}' END) AS o
      UNION ALL
      SELECT (e.n - 1)::text, e.value FROM jsonb_array_elements(CASE jsonb_typeof(p.value) WHEN 'array' THEN p.value ELSE '[]' END)
        WITH ORDINALITY AS e (value, n) WHERE e.n = 1) AS c (key, value)
  )
  SELECT p.place FROM p
$$;
CREATE TABLE mutation (name text, value jsonb);
INSERT INTO mutation VALUES ('missing', NULL), ('null', 'null'), ('true', 'true'), ('zero', '0'), ('negative', '-1'), ('huge', '99999999999999999999'),
  ('fraction', '1.5'), ('exponent', '1e400'), ('empty', '""'), ('text', '"x"'), ('number in text', '"12"'), ('long', to_jsonb(repeat('y', 100000))),
  ('array', '[]'), ('null in array', '[null]'), ('number in array', '[1]'), ('array in array', '[[["id"]]]'), ('twice', '["id", "id"]'),
  ('object', '{}'), ('object in array', '[{}]'), ('deep', (repeat('[', 500) || repeat(']', 500))::jsonb), ('digest', '"pgdr1-xxh3:1:2:zz"'),
  ('other digest', '"pgdr9-blake:1:2:00"'), ('base64', '"AAAA"'), ('time', '"now"');
CREATE TABLE outcome AS
SELECT p.place, m.name AS mutation, f.what, attempt(f.what, CASE WHEN m.name = 'missing' THEN t.d #- p.place ELSE jsonb_set(t.d, p.place, m.value) END) AS result
FROM taken AS t CROSS JOIN LATERAL places(t.d) AS p CROSS JOIN mutation AS m
CROSS JOIN unnest(ARRAY['import', 'differences', 'compare']) AS f (what)
WHERE f.what = 'import' OR p.place[1] IN ('relations', 'content', 'digest', 'uuid');
SELECT count(*) > 2000 AS many FROM outcome;
-- What is refused in another way than it should be: nothing. (55000: the document has no fingerprint of the relation.)
SELECT * FROM outcome WHERE result NOT IN ('accepted', '22023', '0A000') AND NOT (what = 'differences' AND result = '55000')
ORDER BY place, mutation, what LIMIT 20;
-- What a place of relations, sequences and objects accepts.
SELECT place[1] AS list, place[3] AS member, string_agg(DISTINCT mutation, ', ' ORDER BY mutation) AS accepted
FROM outcome WHERE result = 'accepted' AND what = 'import' AND place[1] IN ('relations', 'sequences', 'objects')
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT place[1:2] AS place, string_agg(DISTINCT mutation, ', ' ORDER BY mutation) AS accepted
FROM outcome WHERE result = 'accepted' AND what = 'import' AND place[1] NOT IN ('relations', 'sequences', 'objects', 'server')
  AND place[1:2] IN ('{uuid}', '{taken_at}', '{content}', '{label}', '{format}', '{version}', '{database}', '{database,name}', '{digest}')
GROUP BY 1 ORDER BY 1;

-- What it says.
CREATE FUNCTION altered(place text[], value jsonb) RETURNS bigint LANGUAGE sql AS $$ SELECT dr.snapshot_import(jsonb_set(d, place, value)) FROM taken $$;
SELECT altered('{relations,0,key}', '[null]');
SELECT altered('{relations,0,rows}', '-1');
SELECT altered('{relations,0,digest}', '"pgdr1-xxh3:1"');
SELECT altered('{relations,0,buckets}', '"AAAA"');
SELECT altered('{relations,0,bucket_bits}', '7');
SELECT altered('{relations,0,name}', '"parts"');
SELECT altered('{sequences,0,increment}', '0');
SELECT altered('{objects,0,class}', '"strict policy"');
SELECT altered('{objects,1}', d #> '{objects,0}') FROM taken;
SELECT altered('{taken_at}', '"yesterday"');
SELECT altered('{server,version_num}', '"15"');
SELECT altered('{relations}', '{"a": 1}');

-- A circle of partitions, and two records that say what a table is a partition of.
SELECT count(*) > 0 AS compared FROM taken AS t, dr._compare(t.d, jsonb_set(t.d, '{objects}', (t.d -> 'objects')
  || '[{"kind": "table", "identity": "public.parts", "facet": "partition of", "class": "strict", "definition": "public.parts_1 DEFAULT"},
       {"kind": "a", "identity": "public.parts", "facet": "partition of", "class": "strict", "definition": "public.parts_1 DEFAULT"},
       {"kind": "b", "identity": "public.parts", "facet": "partition of", "class": "strict", "definition": "public.item DEFAULT"}]'));

-- The catalog's rows are no better than documents: what its constraints let in is checked when it is used.
SELECT dr_snapshot_import(d) AS snapshot FROM taken \gset
\set VERBOSITY terse
UPDATE dr.snapshot_relations SET key = '[null]' WHERE snapshot = :snapshot AND name = 'item';
UPDATE dr.snapshot_relations SET key = '[["id"]]' WHERE snapshot = :snapshot AND name = 'item';
UPDATE dr.snapshot_relations SET bucket_bits = 9 WHERE snapshot = :snapshot AND name = 'item';
UPDATE dr.snapshot_sequences SET increment = NULL WHERE snapshot = :snapshot;
\set VERBOSITY default
UPDATE dr.snapshots SET header = '{"format": "pgdr-snapshot", "version": [1], "uuid": 1}' WHERE id = :snapshot;
SELECT dr_backup_start('20261121T020000Z-9f3c', 'shop') > 0 AS started;
SELECT dr_backup_finish('20261121T020000Z-9f3c', :snapshot, now(), now(), '{"label": "20261121T020000Z-9f3c"}');
ALTER DATABASE regress_pgdr_document SET pgdr.origin = '{"label": "20261121T020000Z-9f3c"}';
UPDATE dr.snapshot_relations SET bucket_bits = 7 WHERE snapshot = :snapshot AND name = 'item';
SELECT * FROM dr_differences('regress_pgdr_document', 'item');
SELECT * FROM dr_verify_against('regress_pgdr_document');
UPDATE dr.snapshot_relations SET bucket_bits = 2, digest = 'x' WHERE snapshot = :snapshot AND name = 'item';
SELECT * FROM dr_differences('regress_pgdr_document', 'item');
\set VERBOSITY sqlstate
SELECT * FROM dr_snapshot_changes(:snapshot, :snapshot);
\set VERBOSITY default
-- Marks and options.
ALTER DATABASE regress_pgdr_document SET pgdr.origin = '{"label": 1, "only": [null]}';
SELECT * FROM dr_verify_against('regress_pgdr_document');
ALTER DATABASE regress_pgdr_document SET pgdr.origin = '{"label": "20261121T020000Z-9f3c", "only": [null]}';
SELECT * FROM dr_verify_against('regress_pgdr_document');
ALTER DATABASE regress_pgdr_document SET pgdr.origin = '[[';
SELECT * FROM dr_differences('regress_pgdr_document', 'item');
\c :regression
DROP DATABASE regress_pgdr_document;
