-- The frozen vectors that the unit tests check from plain values, here from PostgreSQL's stored ones.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA pgdr_vectors;
CREATE TYPE pgdr_vectors.mood AS ENUM ('sad', 'happy');
CREATE DOMAIN pgdr_vectors.positive AS int CHECK (value > 0);
CREATE TYPE pgdr_vectors.pair AS (z int, a text);
CREATE TABLE pgdr_vectors.no_columns ();
INSERT INTO pgdr_vectors.no_columns DEFAULT VALUES;
CREATE EXTENSION hstore SCHEMA pgdr_vectors;
CREATE EXTENSION ltree SCHEMA pgdr_vectors;

\set vectors `cat "${PG_ABS_SRCDIR:-.}/test/vectors/fingerprint.tsv"`

CREATE TABLE pgdr_vectors.frozen AS
SELECT f[1] AS name, f[2]::int AS since, f[3] AS expression, f[4] AS canonical, f[5] AS hash
FROM unnest(string_to_array(:'vectors', E'\n')) AS line, string_to_array(line, E'\t') AS f
WHERE line NOT LIKE '#%' AND line <> '';

CREATE FUNCTION pgdr_vectors.computed(expression text, OUT canonical text, OUT hash text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT encode(dr._canonical(r), ''hex''), split_part(dr_fingerprint(r), '':'', 4)
                  FROM (SELECT %s AS r) AS s GROUP BY r', expression) INTO canonical, hash;
END $$;

-- Whatever the session's settings are.
SET datestyle = 'German, DMY';
SET intervalstyle = 'sql_standard';
SET timezone = 'Asia/Kolkata';
SET extra_float_digits = -10;
SET bytea_output = 'escape';
SET search_path = pg_catalog, public;

SELECT count(*) >= 93 AS enough FROM pgdr_vectors.frozen;
SELECT v.name, v.canonical, c.canonical AS computed, v.hash = c.hash AS same_hash
FROM pgdr_vectors.frozen AS v, pgdr_vectors.computed(v.expression) AS c
WHERE current_setting('server_version_num')::int / 10000 >= v.since
  AND (v.canonical, v.hash) IS DISTINCT FROM (c.canonical, c.hash);

-- The settings are the session's again.
SELECT current_setting('datestyle') AS datestyle, current_setting('intervalstyle') AS intervalstyle,
       current_setting('timezone') AS timezone, current_setting('extra_float_digits') AS digits,
       current_setting('bytea_output') AS bytea_output, current_setting('search_path') AS search_path;

DROP SCHEMA pgdr_vectors CASCADE;
