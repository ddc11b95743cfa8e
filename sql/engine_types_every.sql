-- Every type that a table can have: what a dump and restore make of a value (its text, read again) has the same
-- canonical form, the smallest change another; alone, in an array, in a domain, in composites nested two deep, and in
-- an array of those.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA every;
SET search_path = every, public;
\set VERBOSITY terse
CREATE EXTENSION citext SCHEMA every;
CREATE EXTENSION hstore SCHEMA every;
CREATE EXTENSION ltree SCHEMA every;
CREATE EXTENSION cube SCHEMA every;
CREATE EXTENSION seg SCHEMA every;
CREATE EXTENSION isn SCHEMA every;
CREATE EXTENSION lo SCHEMA every;
CREATE TYPE mood AS ENUM ('sad', 'Über glücklich');
CREATE TYPE pair AS (z int, a text);
CREATE TYPE spread AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE DOMAIN more_positive AS positive CHECK (value > 1);
CREATE TABLE named (i int);
CREATE TABLE "Näme ""quoted"" x" (i int);
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE ROLE "pgdr_types Rôle";
CREATE ROLE pgdr_types_other;

CREATE TABLE samples (type text, value text, changed text);
COPY samples FROM stdin;
boolean	t	f
"char"	a	b
"char"		a
smallint	-32768	-32767
int	2147483647	2147483646
bigint	-9223372036854775808	-9223372036854775807
oid	4294967295	4294967294
xid	3	4
cid	3	4
xid8	18446744073709551615	18446744073709551614
pg_lsn	FFFFFFFF/0	FFFFFFFF/1
tid	(4294967295,1)	(4294967295,2)
real	1e-45	3e-45
real	NaN	Infinity
double precision	5e-324	1e-323
double precision	-0	0
double precision	0.30000000000000004	0.3
money	-$1.00	-$1.01
numeric	0.000	0.00
numeric	-123456789012345678901234567890.10	-123456789012345678901234567890.1
numeric	NaN	0
text	déjà vu	déjà vu 
text	NULL	null
varchar(20)	x\ty	x y
varchar(20)	\\N	\\\\N
char(5)	ab	abc
name	pg_class	pg_clasS
bytea	\\x00ff	\\x00fe
refcursor	cursor	cursor 
citext	Mixed	mixed
json	{"a": 1}	{"a":1}
jsonb	{"a": [1.10, null, "x", {"b": true}]}	{"a": [1.1, null, "x", {"b": true}]}
jsonb	"1"	1
jsonpath	lax $.a[*] ? (@.b > 1.10 && @ like_regex "^x" flag "i").c	lax $.a[*] ? (@.b > 1.1 && @ like_regex "^x" flag "i").c
jsonpath	strict $.a	lax $.a
jsonpath	$[0, 2 to last].**{2 to 3}.*.datetime("HH24")	$[0, 2 to last].**{2 to 4}.*.datetime("HH24")
jsonpath	-($x - (1 - 2)).abs() == null	-($x - 1 - 2).abs() == null
jsonpath	$ ? (!exists(@.a ? ((@ starts with "b") is unknown)))	$ ? (!exists(@.a ? ((@ starts with "c") is unknown)))
jsonpath	$.a.size().type().keyvalue()	$.a.size().type().double()
uuid	00112233-4455-6677-8899-aabbccddeeff	00112233-4455-6677-8899-aabbccddeefe
date	infinity	5874897-12-31
date	4713-01-01 BC	4713-01-02 BC
time	24:00:00	23:59:59.999999
timetz	12:00:00+15:59	12:00:00+15:58
timestamp	294276-12-31 23:59:59.999999	294276-12-31 23:59:59.999998
timestamptz	-infinity	infinity
timestamptz	2026-03-29 02:30:00+02	2026-03-29 02:30:00+01
interval	1 mon -1 day 00:00:00.000001	1 mon -1 day
interval	1 day	24:00:00
interval(0)	00:00:01	00:00:02
bit(3)	101	100
varbit	1010	10100
inet	10.0.0.1/8	10.0.0.1/9
inet	::1	::2
cidr	10.0.0.0/8	10.0.0.0/9
macaddr	08:00:2b:01:02:03	08:00:2b:01:02:04
macaddr8	08:00:2b:01:02:03:04:05	08:00:2b:01:02:03:04:06
point	(0.1,-0)	(0.1,0)
point	(NaN,Infinity)	(NaN,-Infinity)
lseg	[(0,0),(1,1)]	[(1,1),(0,0)]
box	(2,2),(1,1)	(2,2.0000000000000004),(1,1)
path	[(0,0),(1,0.1)]	((0,0),(1,0.1))
path	((0,0),(1,0.1))	((0,0),(1,0.10000000000000002))
polygon	((0,0),(1,1),(2,0))	((0,0),(2,0),(1,1))
line	{1,-1,0}	{1,-1,0.5}
circle	<(0,0),1>	<(0,0),1.0000000000000002>
tsvector	'a':1A,3 'b c' 'd''e':16383	'a':1A,3 'b c' 'd''e':16382
tsvector	'a':1A	'a':1B
tsquery	'a':*AB & !( 'b' <-> 'c' )	'a':*A & !( 'b' <-> 'c' )
tsquery	'a' <2> 'b'	'a' <3> 'b'
xml	<a b="1">x</a>	<a b='1'>x</a>
pg_snapshot	10:20:12,15	10:20:12,16
txid_snapshot	10:20:	10:21:
int2vector	1 2 3	1 2 4
oidvector	1 2	2 1
regclass	named	"Näme ""quoted"" x"
regclass	4294967295	4294967294
regclass	-	named
regproc	pg_catalog.now	pg_catalog.clock_timestamp
regprocedure	f(int)	f(text)
regoper	pg_catalog.||/	pg_catalog.|/
regoperator	+(int,int)	+(int8,int8)
regtype	timestamp with time zone	timestamp
regtype	mood[]	mood
regrole	"pgdr_types Rôle"	pgdr_types_other
regnamespace	every	pg_catalog
regcollation	"C"	"POSIX"
regconfig	simple	english
regdictionary	simple	english_stem
aclitem	"pgdr_types Rôle"=r*w/pgdr_types_other	"pgdr_types Rôle"=rw/pgdr_types_other
aclitem	=r/pgdr_types_other	pgdr_types_other=r/pgdr_types_other
mood	Über glücklich	sad
more_positive	2	3
pair	(1,"x, ""y""")	(1,"x, ""z""")
pair	(,)	(,"")
int4range	[1,5)	[1,6)
int8range	(,5)	empty
numrange	[1.0,2.0]	[1.0,2.00]
tsrange	["2026-01-01","2026-02-01")	["2026-01-01","2026-02-01"]
tstzrange	["2026-01-01 00:00+00",)	["2026-01-01 00:00+00",infinity)
daterange	[2026-01-01,2026-02-01)	[2026-01-01,2026-02-02)
spread	[-0,1]	[0,1]
text[]	{a,NULL,"NULL",""}	{a,NULL,"NULL",NULL}
int[]	[-1:0]={1,2}	{1,2}
int[]	{{1,2},{3,4}}	{{1,3},{2,4}}
point[]	{"(1,2)",NULL}	{"(1,2)"}
hstore	a=>1, bb=>NULL, ""=>"", "q\\"x"=>"y, z"	a=>1, bb=>"NULL", ""=>"", "q\\"x"=>"y, z"
hstore		a=>NULL
ltree	Top.Science.Astronomy	Top.Science.astronomy
ltree		Top
lquery	Top.*{0,2}.sport*@|x	Top.*{0,3}.sport*@|x
ltxtquery	Europe & Russia*@ & !Transport	Europe & Russia* & !Transport
cube	(1, 2),(3, 4)	(1, 2),(3, 5)
cube	(1)	(1, 0)
seg	1.00 .. 2.0	1.0 .. 2.0
seg	~5	5
isbn	0-393-04002-X	0-394-75320-8
ean13	978-0-393-04002-9	978-0-394-75320-1
lo	7	8
\.
-- Types that only later versions have
INSERT INTO samples
SELECT * FROM (VALUES ('int4multirange', '{[1,2),[5,7)}', '{[1,2),[5,8)}'), ('datemultirange', '{}', '{(,)}'),
                      ('nummultirange', '{[1.0,2.0]}', '{[1.0,2.00]}')) AS v
WHERE current_setting('server_version_num')::int >= 140000;
INSERT INTO samples
SELECT 'numeric', 'Infinity', '-Infinity' WHERE current_setting('server_version_num')::int >= 140000;

CREATE TABLE seen (type text, value text, container text, same boolean, other boolean);
DO $$
DECLARE
  s record;
  c record;
  dumped text;
BEGIN
  FOR s IN SELECT * FROM samples LOOP
    EXECUTE format('CREATE DOMAIN every.over AS %s; CREATE TYPE every.inside AS (n int, "Ä v" %s, o every.over);
                    CREATE TYPE every.outside AS (i every.inside, l every.inside[])', s.type, s.type);
    FOR c IN SELECT * FROM (VALUES
        ('alone', s.type, '%s'), ('array', s.type || '[]', 'ARRAY[%s, NULL, %1$s]'), ('domain', 'every.over', '%s'),
        ('array of the domain', 'every.over[]', 'ARRAY[[%s], [%1$s]]'),
        ('composites', 'every.outside', 'ROW(ROW(1, %s, %1$s), ARRAY[ROW(NULL, %1$s, NULL)::every.inside])')) AS v(name, type, form)
    -- An array of arrays is one array; 13 takes an array of int2vector for one of them.
    WHERE (s.type NOT LIKE '%[]' AND s.type NOT IN ('int2vector', 'oidvector')) OR v.name NOT LIKE '%array%'
    LOOP
      EXECUTE format('SELECT format(''%%s'', %s::%s)', format(c.form, format('%L::%s', s.value, s.type)), c.type) INTO dumped;
      EXECUTE format(
        'INSERT INTO every.seen SELECT $1, $2, $3, dr._canonical(ROW(a)) = dr._canonical(ROW(%4$L::%1$s)),
                dr._canonical(ROW(a)) <> dr._canonical(ROW(b))
         FROM (SELECT %2$s::%1$s AS a, %3$s::%1$s AS b) AS v',
        c.type, format(c.form, format('%L::%s', s.value, s.type)), format(c.form, format('%L::%s', s.changed, s.type)),
        dumped)
      USING s.type, s.value, c.name;
    END LOOP;
    DROP TYPE every.outside, every.inside;
    DROP DOMAIN every.over;
  END LOOP;
END $$;
SELECT * FROM seen WHERE NOT same OR NOT other;
SELECT count(*) >= 500 AS enough, count(DISTINCT type) >= 85 AS types FROM seen;

-- Nothing that a table can have was forgotten: every base type of the server that has a text form to read
SELECT t.oid::regtype AS forgotten
FROM pg_type AS t
WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typcategory <> 'A'
  AND t.typinput::regproc::text NOT IN
    ('pg_node_tree_in', 'pg_ndistinct_in', 'pg_dependencies_in', 'pg_mcv_list_in', 'pg_brin_bloom_summary_in',
     'pg_brin_minmax_multi_summary_in', 'brin_bloom_summary_in', 'brin_minmax_multi_summary_in', 'gtsvectorin')
  AND NOT EXISTS (SELECT FROM samples AS s WHERE s.type::regtype = t.oid)
ORDER BY 1;

-- A path's text, unlike its tree, differs between versions; a number before a method and how it is written do not
SELECT dr._canonical(ROW('(2.5).floor()'::jsonpath)) = dr._canonical(ROW('2.5.floor()'::jsonpath)) AS jsonpath_number;
-- A query's tree, unlike its text, does not survive a dump
SELECT dr._canonical(ROW('a'::tsquery && ('b'::tsquery && 'c'::tsquery)))
     = dr._canonical(ROW(('a'::tsquery && 'b'::tsquery) && 'c'::tsquery)) AS tsquery_nesting;
-- What a polygon's bounding box says is not part of it
SELECT dr._canonical(ROW(polygon(path '((0,0),(1,1),(2,0))'))) = dr._canonical(ROW('((0,0),(1,1),(2,0))'::polygon)) AS polygon_box;
-- Names by themselves, whatever the path and the keywords of the version
SELECT convert_from(substr(dr._canonical(ROW('named'::regclass)), 9), 'UTF8') AS class,
       convert_from(substr(dr._canonical(ROW('f(int)'::regprocedure)), 9), 'UTF8') AS procedure,
       convert_from(substr(dr._canonical(ROW(3999999999::oid::regclass)), 9), 'UTF8') AS dangling,
       convert_from(substr(dr._canonical(ROW('pg_class'::regclass)), 9), 'UTF8') AS catalog;
-- One NaN, wherever it is
SELECT dr._canonical(ROW(point('NaN'::float8, 0))) = dr._canonical(ROW(point('Infinity'::float8 - 'Infinity', 0))) AS point_nan,
       dr._canonical(ROW(ARRAY['NaN'::float4])) = dr._canonical(ROW(ARRAY['Infinity'::float4 - 'Infinity'])) AS array_nan;
-- An ltree is its text; a role that is gone its number
SELECT convert_from(substr(dr._canonical(ROW('Top.Science'::ltree)), 9), 'UTF8') AS ltree;
SELECT dr._canonical(ROW(makeaclitem(3999999998, 3999999999, 'SELECT', true)));

-- Nested as deep as it gets: an error, not a crash
SELECT length(dr._canonical(ROW((repeat('[', 5000) || repeat(']', 5000))::jsonb))) AS five_thousand;
DO $$
DECLARE
  path text := '$';
BEGIN
  FOR i IN 1 .. 500 LOOP path := '$ ? (@.a == ' || i || ' && exists(' || path || '))'; END LOOP;
  RAISE INFO 'a path of depth 500: % bytes', length(dr._canonical(ROW(path::jsonpath)));
END $$;
CREATE TABLE deep (j jsonb, p jsonpath);
INSERT INTO deep VALUES ((repeat('[', 3000) || repeat(']', 3000))::jsonb);
DO $$
DECLARE
  path text := '$';
BEGIN
  FOR i IN 1 .. 500 LOOP path := '$ ? (exists(' || path || '))'; END LOOP;
  INSERT INTO deep (p) VALUES (path::jsonpath);
END $$;
SET max_stack_depth = '100kB';
SELECT rows FROM dr_table_fingerprint('deep');
DELETE FROM deep WHERE j IS NOT NULL;
SELECT rows FROM dr_table_fingerprint('deep');
RESET max_stack_depth;
SELECT rows FROM dr_table_fingerprint('deep');

DROP SCHEMA every CASCADE;
DROP ROLE "pgdr_types Rôle", pgdr_types_other;
