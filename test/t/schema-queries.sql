-- Queries and expressions of every shape that a deparser writes, for texts that must be the same from every major version.
-- PostgreSQL 13 to 18.
SET client_min_messages = error;
CREATE SCHEMA q;
CREATE TYPE q.duo AS (f integer, g text);
CREATE TABLE q.a (id integer PRIMARY KEY, v varchar(10), n numeric(10,2), at timestamptz, d date, j jsonb, arr integer[], duo q.duo, c char(3), b bit(4), t text, x xml, r int4range, i interval);
CREATE TABLE q.b (id integer PRIMARY KEY, a_id integer REFERENCES q.a, v varchar(10), w text, "Order" integer);
CREATE TABLE q.c (id integer, v varchar(10), other text);
CREATE FUNCTION q.named(a integer, b integer DEFAULT 2, VARIADIC c integer[] DEFAULT '{}') RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION q.rows_of(n integer) RETURNS SETOF q.duo LANGUAGE sql AS 'SELECT 1, ''x''';
CREATE FUNCTION q.records() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, ''x''';

-- names and qualification
CREATE VIEW q.v01 AS SELECT * FROM q.a;
CREATE VIEW q.v02 AS SELECT a.id, b.id AS b_id FROM q.a, q.b WHERE a.id = b.a_id;
CREATE VIEW q.v03 AS SELECT id, v, a.n, b.w FROM q.a JOIN q.b USING (id, v);
CREATE VIEW q.v04 AS SELECT id, a.v, b.v AS bv, other FROM q.a FULL JOIN q.b USING (id) LEFT JOIN q.c USING (id);
CREATE VIEW q.v05 AS SELECT * FROM q.b NATURAL JOIN q.c;
CREATE VIEW q.v06 AS SELECT x.id, (SELECT max(b.id) FROM q.b WHERE b.a_id = x.id AND b.v = x.v) AS m FROM q.a x;
CREATE VIEW q.v07 AS SELECT id, (SELECT count(*) FROM q.b WHERE a_id = a.id) AS n FROM q.a WHERE EXISTS (SELECT 1 FROM q.c WHERE c.id = a.id AND v = 'x');
CREATE VIEW q.v08 AS SELECT id FROM q.a WHERE id IN (SELECT id FROM q.b WHERE id NOT IN (SELECT id FROM q.c WHERE other IS NOT NULL));
CREATE VIEW q.v09 AS SELECT one.id, two.id AS id2 FROM q.a one CROSS JOIN q.a two WHERE one.id < two.id;
CREATE VIEW q.v10 AS SELECT s.k, s.total FROM (SELECT v AS k, sum(n) AS total FROM q.a GROUP BY v) s WHERE s.total > 1;
CREATE VIEW q.v11 AS SELECT a.id, l.w FROM q.a, LATERAL (SELECT w FROM q.b WHERE a_id = a.id ORDER BY id LIMIT 1) l;
CREATE VIEW q.v12 (p, q) AS SELECT id, "Order" FROM q.b AS "B" (id, x, y, z);
CREATE VIEW q.v13 AS SELECT a FROM q.a;
CREATE VIEW q.v14 AS SELECT a.*::q.a AS whole, (a).v AS v, (duo).f, (duo).g AS gg, row(a.*) IS NULL AS none FROM q.a a;
CREATE VIEW q.v15 AS SELECT count(*), count(a) AS c2, count(a.*) AS c3, count(DISTINCT v) AS c4 FROM q.a;
ALTER TABLE q.b RENAME COLUMN w TO ww;
ALTER TABLE q.b RENAME COLUMN ww TO w;
CREATE VIEW q.v16 AS SELECT j.id FROM (q.a JOIN q.b USING (id)) AS j (id, va, n);
-- grouping, windows, order
CREATE VIEW q.v20 AS SELECT v, c, sum(n) AS s, grouping(v, c) AS g FROM q.a GROUP BY GROUPING SETS ((v, c), (v), ()) HAVING sum(n) > 0 ORDER BY 1 DESC NULLS LAST, s USING >;
CREATE VIEW q.v21 AS SELECT upper(v) AS u, count(*) FROM q.a GROUP BY ROLLUP (upper(v)), CUBE (c, d) ORDER BY upper(v);
CREATE VIEW q.v22 AS SELECT id, sum(n) OVER w, rank() OVER (w ORDER BY id), lag(n, 1, 0.0) OVER (PARTITION BY v ORDER BY at RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW EXCLUDE TIES) AS l FROM q.a WINDOW w AS (PARTITION BY v);
CREATE VIEW q.v23 AS SELECT DISTINCT ON (v) v, id FROM q.a ORDER BY v, id DESC FETCH FIRST 3 ROWS WITH TIES;
CREATE VIEW q.v24 AS SELECT DISTINCT v, n + 1 FROM q.a OFFSET 2 LIMIT 5;
CREATE VIEW q.v25 AS SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FILTER (WHERE v IN ('a', 'b')), string_agg(v, ',' ORDER BY v COLLATE "C" DESC), array_agg(DISTINCT id) FROM q.a;
CREATE VIEW q.v26 AS SELECT id, v FROM q.a UNION (SELECT id, w FROM q.b EXCEPT ALL SELECT id, v FROM q.c) INTERSECT SELECT 1, NULL ORDER BY 1;
CREATE VIEW q.v27 AS (SELECT id FROM q.a ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM q.b ORDER BY id LIMIT 1);
CREATE VIEW q.v28 AS WITH one AS (SELECT id, v FROM q.a), two AS NOT MATERIALIZED (SELECT id FROM one WHERE v = 'x') SELECT one.v FROM one JOIN two USING (id);
CREATE VIEW q.v29 AS WITH RECURSIVE t(n, path) AS (VALUES (1, ARRAY[1]) UNION ALL SELECT n + 1, path || n FROM t WHERE n < 10) SELECT * FROM t;
CREATE VIEW q.v30 AS VALUES (1, 'a'), (2, NULL);
CREATE VIEW q.v31 AS TABLE q.c;
CREATE VIEW q.v32 AS SELECT a.id FROM q.a LEFT JOIN (q.b INNER JOIN q.c ON b.id = c.id AND c.v = b.v) ON a.id = b.a_id WHERE a.id = ANY (SELECT id FROM q.c);
CREATE VIEW q.v33 AS SELECT id FROM q.a TABLESAMPLE bernoulli (10) REPEATABLE (1);
CREATE VIEW q.v34 AS SELECT a.id FROM q.a FOR UPDATE OF a SKIP LOCKED;
-- functions in FROM
CREATE VIEW q.v40 AS SELECT * FROM generate_series(1, 3) g;
CREATE VIEW q.v41 AS SELECT * FROM q.rows_of(2) WITH ORDINALITY AS r(f, g, n);
CREATE VIEW q.v42 AS SELECT * FROM q.records() AS r(a integer, b text COLLATE "C");
CREATE VIEW q.v43 AS SELECT * FROM ROWS FROM (generate_series(1, 2), q.records() AS (a integer, b text), unnest(ARRAY['x'])) WITH ORDINALITY;
CREATE VIEW q.v44 AS SELECT (q.rows_of(1)).*, q.named(1), q.named(1, 2, 3, 4) AS n2, q.named(1, 2, VARIADIC ARRAY[3]) AS n4, make_interval(days => 3) AS n5;
CREATE VIEW q.v45 AS SELECT id, u FROM q.a, unnest(arr) WITH ORDINALITY AS t(u, o) WHERE o > 1;
CREATE VIEW q.v46 AS SELECT * FROM xmltable('/r/x' PASSING ('<r><x/></r>'::xml) COLUMNS a integer PATH '@a' DEFAULT 1, n FOR ORDINALITY);
-- expressions
CREATE VIEW q.e01 AS SELECT v IN ('a', 'b') AS a, v NOT IN ('a') AS b, id IN (1, 2.5) AS c, v LIKE 'a%' ESCAPE '!' AS d, v NOT ILIKE 'b' AS e, v SIMILAR TO 'x%' AS f, v ~ 'a\d' AS g, n BETWEEN 1 AND 2 AS h, n BETWEEN SYMMETRIC 2 AND 1 AS i FROM q.a;
CREATE VIEW q.e02 AS SELECT extract(year FROM at) AS y, extract(epoch FROM i) AS e, date_trunc('day', at) AS dt, at AT TIME ZONE 'UTC' AS z, at::date AS d, d - 1 AS d1, d + interval '1 day 02:00' AS di, (d, d) OVERLAPS (d, d) AS o, now() - at AS age FROM q.a;
CREATE VIEW q.e03 AS SELECT substring(t FROM 2 FOR 3) AS a, substring(t FROM 'x(.)y') AS b, substring(t FROM 'a#"b#"c' FOR '#') AS c, overlay(t PLACING 'x' FROM 2) AS d, position('x' IN t) AS e, trim(both 'x' FROM t) AS f, trim(leading FROM t) AS g, normalize(t, NFC) AS h, t IS NFC NORMALIZED AS i, t || 'x' || v AS j, collation for (t) AS k FROM q.a;
CREATE VIEW q.e04 AS SELECT current_date AS a, current_user AS b, session_user AS c, localtimestamp(3) AS d, current_timestamp AS e, current_schema AS f, current_catalog AS g, user AS h, current_role AS i;
CREATE VIEW q.e05 AS SELECT CASE v WHEN 'a' THEN 1 WHEN 'b' THEN 2 END AS a, CASE WHEN n > 0 THEN 'x'::text ELSE v END AS b, coalesce(v, t, 'none') AS c, nullif(v, 'x') AS d, greatest(n, 1, 2.5) AS e, least(d, current_date) AS f FROM q.a;
CREATE VIEW q.e06 AS SELECT v::varchar(3) AS a, n::numeric(5,1) AS b, n::integer AS c, id::text AS d, 'x'::char(4) AS e, b::bit(2) AS f, B'101' AS g, X'1F' AS h, '1'::smallint AS i, 1::bigint AS j, 1.50 AS k, -5 AS l, (-5)::smallint AS m, 1e10::float8 AS n, 'NaN'::float8 AS o, true AS p, NULL::integer AS q, id::oid AS r, 'q.a'::regclass AS s, 'int4'::regtype AS t, cast(v AS name) AS u FROM q.a;
CREATE VIEW q.e07 AS SELECT arr[1] AS a, arr[1:2] AS b, arr[:2] AS c, ARRAY[1, 2] || arr AS d, ARRAY[[1, 2], [3, 4]] AS e, ARRAY(SELECT id FROM q.b ORDER BY id) AS f, 1 = ANY (arr) AS g, 1 <> ALL (arr) AS h, '{1,2}'::integer[] AS i, ARRAY[]::text[] AS j, arr @> '{1}' AS k FROM q.a;
CREATE VIEW q.e08 AS SELECT j -> 'a' AS a, j ->> 'b' AS b, j #> '{a,b}' AS c, j @> '{"x": 1}' AS d, j ? 'k' AS e, jsonb_path_query(j, '$.a ? (@ > 1)') AS f, j @? '$.a' AS g, jsonb_build_object('a', v, 'b', n) AS h FROM q.a;
CREATE VIEW q.e09 AS SELECT xmlelement(name foo, xmlattributes(v AS "At", 1 AS b), t) AS a, xmlforest(v, t AS tt) AS b, xmlconcat(x, x) AS c, xmlparse(DOCUMENT '<a/>') AS d, xmlserialize(CONTENT x AS text) AS e, x IS DOCUMENT AS f, xmlpi(name php, 'x') AS g, xmlroot(x, version '1.0', standalone yes) AS h, xmlexists('//a' PASSING x) AS i FROM q.a;
CREATE VIEW q.e10 AS SELECT v IS NULL AS a, v IS NOT DISTINCT FROM t AS b, duo IS NOT NULL AS c, (n > 1) IS TRUE AS d, (n > 1) IS NOT UNKNOWN AS e, ROW(id, v) < ROW(1, 'x') AS f, ROW(id, v) = ROW(2, t) AS g, NOT (n > 1 AND (n < 5 OR v = 'x') AND NOT id = 3) AS h, duo = ROW(1, 'x')::q.duo AS i, ROW(1, 'a')::q.duo AS k FROM q.a;
CREATE VIEW q.e11 AS SELECT (id, n) IN (SELECT id, n FROM q.a) AS a, id > ALL (SELECT id FROM q.b) AS b, (SELECT ROW(1, 'x')::q.duo) AS c, EXISTS (SELECT FROM q.b) AS d, (id, v) = (SELECT 1, 'x'::varchar) AS e FROM q.a;
CREATE VIEW q.e12 AS SELECT r @> 3 AS a, int4range(1, 5, '[]') * r AS b, lower(r) AS c, id + 2 * 3 - (4 - 5) AS d, -id AS e, @ id AS f, id % 2 AS g, (2 ^ 3) ^ 2 AS h, id << 1 AS i, |/ 4.0 AS j, v COLLATE "C" < t COLLATE "C" AS k, id OPERATOR(pg_catalog.+) 1 AS l, i * 2 AS m, interval '1-2' year to month AS n, interval(2) '1.234 s' AS o, '3 days'::interval AS p FROM q.a;
CREATE VIEW q.e13 AS SELECT lpad(v, 5) AS a, md5(t) AS b, to_char(at, 'YYYY') AS c, generate_series(1, 2) AS d, round(n, 1) AS e, concat(v, t, n) AS f, format('%s', v) AS g, width_bucket(n, 0, 1, 2) AS h, regexp_replace(t, 'a', 'b', 'g') AS i FROM q.a;
-- rules with every command
CREATE RULE r1 AS ON INSERT TO q.c WHERE new.id > 5 DO INSTEAD UPDATE q.b SET v = new.v, (w, "Order") = (SELECT new.other, 1), a_id = DEFAULT FROM q.a x WHERE x.id = b.a_id AND b.id = new.id;
CREATE RULE r2 AS ON UPDATE TO q.c DO ALSO (DELETE FROM q.b USING q.a WHERE b.a_id = a.id AND a.v IN (old.v, new.v); INSERT INTO q.b (id, v) SELECT new.id, new.v ON CONFLICT (id) DO UPDATE SET v = excluded.v WHERE b.w <> 'x');
