-- The kinds of objects that schema.sql leaves out, and what hangs on objects: privileges, comments, labels, local definitions.
-- Runs after it. PostgreSQL 13 to 18.
SET client_min_messages = error;

-- types: a base type with everything, a shell, a range with a canonical name of its own
CREATE TYPE app.shell;
CREATE TYPE app.raw;
CREATE FUNCTION app.raw_in(cstring) RETURNS app.raw LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION app.raw_out(app.raw) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE app.raw (INPUT = app.raw_in, OUTPUT = app.raw_out, LIKE = text, CATEGORY = 'X', DELIMITER = ';', DEFAULT = 'zero', COLLATABLE = true);
CREATE TYPE app.wordrange AS RANGE (subtype = text, subtype_opclass = text_pattern_ops, collation = "C");
CREATE TYPE app.pair AS (a integer, b app.mood);
COMMENT ON COLUMN app.pair.b IS 'the second';
CREATE DOMAIN app.positive AS numeric(10,2) CONSTRAINT above CHECK (VALUE > 0);
ALTER DOMAIN app.positive ADD CONSTRAINT below CHECK (VALUE < 1000) NOT VALID;

-- languages, access methods, transforms, conversions
-- pg_dump writes a language out only if its functions are no system's or extension's.
CREATE FUNCTION app.call_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION app.inline_handler(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION app.validator(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE plother HANDLER app.call_handler INLINE app.inline_handler VALIDATOR app.validator;
CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD tree TYPE INDEX HANDLER bthandler;
CREATE TRANSFORM FOR app.pair LANGUAGE sql (FROM SQL WITH FUNCTION pg_catalog.prsd_lextype(internal));
CREATE CONVERSION app.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;

-- functions of every sort, with defaults whose text a restore changes
CREATE FUNCTION app.numbered() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
CREATE FUNCTION app.defaults(a varchar DEFAULT 'x', b boolean DEFAULT 'v'::varchar IN ('a', 'b'), c text DEFAULT concat('a,', 'b')) RETURNS text
    LANGUAGE plother LEAKPROOF SUPPORT pg_catalog.textlike_support AS 'BEGIN RETURN a; END';
CREATE FUNCTION app.transformed(app.pair) RETURNS integer LANGUAGE sql TRANSFORM FOR TYPE app.pair AS 'SELECT 1';
CREATE FUNCTION app.fin(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE AGGREGATE app.moving(integer) (SFUNC = int4pl, STYPE = integer, FINALFUNC = app.fin, FINALFUNC_MODIFY = SHAREABLE, INITCOND = '1',
    MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MFINALFUNC = app.fin, MFINALFUNC_MODIFY = READ_WRITE, MINITCOND = '2', SORTOP = <);
CREATE OPERATOR app.<# (FUNCTION = int4lt, LEFTARG = integer, RIGHTARG = integer, RESTRICT = scalarltsel, JOIN = scalarltjoinsel, COMMUTATOR = OPERATOR(app.#>));
ALTER OPERATOR FAMILY app.ints USING btree ADD FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint), OPERATOR 1 <(integer, bigint);

-- classes whose members stand in a family of the system, and in one where some are bound to the class and some are loose
CREATE FUNCTION app.raw_lt(app.raw, app.raw) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'text_lt';
CREATE FUNCTION app.raw_eq(app.raw, app.raw) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'texteq';
CREATE FUNCTION app.raw_cmp(app.raw, app.raw) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'bttextcmp';
CREATE OPERATOR app.< (FUNCTION = app.raw_lt, LEFTARG = app.raw, RIGHTARG = app.raw);
CREATE OPERATOR app.= (FUNCTION = app.raw_eq, LEFTARG = app.raw, RIGHTARG = app.raw, MERGES);
CREATE OPERATOR CLASS app.raw_ops DEFAULT FOR TYPE app.raw USING btree FAMILY pg_catalog.text_ops AS
    OPERATOR 1 app.<, OPERATOR 3 app.=, FUNCTION 1 app.raw_cmp(app.raw, app.raw);
CREATE OPERATOR CLASS app.raw_gist FOR TYPE app.raw USING gist AS OPERATOR 3 app.=,
    FUNCTION 1 gist_box_consistent(internal, box, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
    FUNCTION 8 gist_box_distance(internal, box, smallint, oid, internal);

-- text search
CREATE TEXT SEARCH PARSER app.prs (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE app.tmpl (INIT = dsimple_init, LEXIZE = dsimple_lexize);

-- tables: expressions as keys, several parents, what is local
CREATE TABLE app.by_expression (v varchar(9), n integer) PARTITION BY LIST ((v IN ('a', 'b')));
CREATE TABLE app.by_expression_t PARTITION OF app.by_expression FOR VALUES IN (true);
CREATE TABLE app.by_several (v varchar(9), n integer) PARTITION BY RANGE (n, (CASE WHEN v IN ('a', 'b') THEN 1 ELSE 0 END), lower(v) COLLATE "C" text_pattern_ops);
CREATE TABLE app.parent_b (b integer NOT NULL, CONSTRAINT b_small CHECK (b < 10), CONSTRAINT b_only CHECK (b <> 5) NO INHERIT);
CREATE TABLE app.parent_a (a integer, b integer NOT NULL);
CREATE TABLE app.heir (b integer NOT NULL, CONSTRAINT b_small CHECK (b < 10), own text) INHERITS (app.parent_b, app.parent_a);
CREATE TABLE app.heap_two (a integer PRIMARY KEY, b integer UNIQUE DEFERRABLE, note text DEFAULT 'x') USING heap_too WITH (autovacuum_enabled = off);
ALTER TABLE app.heap_two REPLICA IDENTITY NOTHING;
CREATE TABLE app.half (x integer, y integer, FOREIGN KEY (x) REFERENCES app.heap_two ON DELETE SET NULL NOT VALID, CONSTRAINT xy CHECK (x < y) NO INHERIT);
CREATE VIEW app.writable AS SELECT a, note FROM app.heap_two;
COMMENT ON COLUMN app.writable.note IS 'shown';
CREATE TRIGGER instead INSTEAD OF INSERT ON app.writable FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE MATERIALIZED VIEW app.stored WITH (fillfactor = 60, toast.autovacuum_enabled = off) AS SELECT id, name AS note FROM app.users WHERE state IN ('new', 'gone');
ALTER MATERIALIZED VIEW app.stored ALTER COLUMN note SET STORAGE EXTERNAL;
ALTER MATERIALIZED VIEW app.stored ALTER COLUMN note SET STATISTICS 99;
\if :from_14
CREATE STATISTICS app.expressed (mcv) ON (state IN ('new', 'gone')), lower(name) FROM app.users;
\endif

-- replication
CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere password=secret' PUBLICATION one, two WITH (connect = false, slot_name = NONE, synchronous_commit = local);

-- an extension with privileges of its own, and system objects with others than at first
CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
REVOKE EXECUTE ON FUNCTION ext.akeys(ext.hstore) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ext.akeys(ext.hstore) TO schema_reader;
GRANT USAGE ON TYPE ext.hstore TO schema_reader;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT SELECT ON pg_catalog.pg_authid TO schema_reader;
GRANT SELECT (rolname) ON pg_catalog.pg_authid TO "Löser 1";

-- what is to be dropped with an extension
CREATE EXTENSION tcn SCHEMA ext;
ALTER FUNCTION app.numbered() DEPENDS ON EXTENSION tcn;
ALTER FUNCTION app.numbered() DEPENDS ON EXTENSION hstore;
ALTER PROCEDURE app.clean(integer) DEPENDS ON EXTENSION tcn;
ALTER TRIGGER instead ON app.writable DEPENDS ON EXTENSION tcn;
ALTER INDEX app.orders_data DEPENDS ON EXTENSION tcn;
ALTER INDEX app.heap_two_b_key DEPENDS ON EXTENSION tcn;
ALTER MATERIALIZED VIEW app.stored DEPENDS ON EXTENSION tcn;

-- what later versions brought
\if :from_15
CREATE VIEW app.invoked WITH (security_invoker) AS SELECT 1 AS one;
CREATE TABLE app.unlike (a integer, b integer, UNIQUE NULLS NOT DISTINCT (a), FOREIGN KEY (b) REFERENCES app.heap_two ON DELETE SET NULL (b));
\endif
\if :from_16
CREATE COLLATION app.ruled (provider = icu, locale = 'und', rules = '&a < g');
CREATE VIEW app.json16 AS SELECT JSON_ARRAY(1, v.x NULL ON NULL) AS a, JSON_OBJECT('k': v.x ABSENT ON NULL WITH UNIQUE KEYS) AS b, v.x IS JSON OBJECT AS c,
    JSON_ARRAYAGG(v.x ORDER BY v.x) AS d, JSON_OBJECTAGG(v.x: 1 RETURNING jsonb) AS e FROM (VALUES ('1')) v(x) GROUP BY v.x;
\endif
\if :from_17
CREATE COLLATION app.built (provider = builtin, locale = 'C.UTF-8');
CREATE VIEW app.json17 AS SELECT jt.*, JSON_EXISTS(u.note::jsonb, '$.a') AS ex, JSON_VALUE(u.note::jsonb, '$.a' RETURNING integer DEFAULT 3 ON EMPTY ERROR ON ERROR) AS va,
    JSON_QUERY(u.note::jsonb, '$.b' WITH WRAPPER) AS q, JSON_SCALAR(1) AS s, JSON_SERIALIZE('1') AS z
    FROM app.users u, JSON_TABLE(u.note::jsonb, '$[*]' AS root COLUMNS (n FOR ORDINALITY, a integer PATH '$.a' DEFAULT 1 ON EMPTY, NESTED PATH '$.c[*]' COLUMNS (c text))) jt;
CREATE VIEW app.merged AS SELECT r.a FROM app.heap_two r WHERE r.note IN ('x', 'y');
CREATE FUNCTION app.merging() RETURNS void LANGUAGE sql BEGIN ATOMIC
    MERGE INTO app.heap_two h USING app.parent_a s ON h.a = s.a WHEN MATCHED AND h.note IN ('a', 'b') THEN UPDATE SET b = s.b WHEN NOT MATCHED BY SOURCE THEN DELETE
    WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, DEFAULT); END;
CREATE FUNCTION app.on_login() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER entering ON login EXECUTE FUNCTION app.on_login();
GRANT MAINTAIN ON app.half TO schema_reader;
GRANT ALL ON app.parent_a TO schema_reader;
\endif
\if :from_18
CREATE TABLE app.later (a integer CONSTRAINT a_there NOT NULL, b integer NOT NULL NO INHERIT, c integer, v integer GENERATED ALWAYS AS (a * 2) VIRTUAL,
    during daterange, k int4range, CONSTRAINT once PRIMARY KEY (k, during WITHOUT OVERLAPS), CONSTRAINT checked CHECK (a > 0) NOT ENFORCED);
ALTER TABLE app.later ADD CONSTRAINT c_there NOT NULL c NOT VALID;
COMMENT ON CONSTRAINT a_there ON app.later IS 'there';
CREATE TABLE app.later_child (d integer, a integer CONSTRAINT own NOT NULL) INHERITS (app.parent_b);
CREATE TABLE app.later_rows (k int4range, during daterange, FOREIGN KEY (k, PERIOD during) REFERENCES app.later (k, PERIOD during));
CREATE TABLE app.unenforced (h integer REFERENCES app.heap_two NOT ENFORCED);
CREATE TABLE app.parted (a integer CONSTRAINT p_there NOT NULL, b integer NOT NULL) PARTITION BY LIST (a);
CREATE TABLE app.parted_1 (b integer CONSTRAINT b_own NOT NULL, a integer CONSTRAINT p_other NOT NULL);
ALTER TABLE app.parted ATTACH PARTITION app.parted_1 FOR VALUES IN (1);
CREATE TABLE app.parted_2 PARTITION OF app.parted FOR VALUES IN (2);
CREATE DOMAIN app.named AS integer CONSTRAINT is_there NOT NULL;
CREATE FUNCTION app.returning_both() RETURNS integer LANGUAGE sql BEGIN ATOMIC UPDATE app.parent_a SET a = 1 RETURNING old.a + new.b; END;
CREATE PUBLICATION generated FOR TABLE app.later WITH (publish_generated_columns = stored);
ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO schema_reader;
\endif

-- privileges of every sort
GRANT USAGE ON SEQUENCE app.ticket TO schema_reader;
GRANT USAGE ON TYPE app.mood TO schema_reader;
REVOKE USAGE ON TYPE app.email FROM PUBLIC;
REVOKE USAGE ON LANGUAGE plother FROM PUBLIC;
GRANT USAGE ON FOREIGN DATA WRAPPER nothing TO schema_reader;
GRANT USAGE ON FOREIGN SERVER far TO schema_reader;
GRANT EXECUTE ON PROCEDURE app.clean(integer) TO schema_reader;
GRANT ALL ON app.heap_two TO schema_reader WITH GRANT OPTION;
GRANT SELECT ON LARGE OBJECT 4242 TO schema_reader;
ALTER LARGE OBJECT 4243 OWNER TO schema_owner;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON TYPES TO schema_reader;
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS ("user" 'r');

-- comments on what has none yet
COMMENT ON AGGREGATE app.total(integer) IS 'c';
COMMENT ON CAST (integer AS app.mood) IS 'c';
COMMENT ON COLLATION app.german IS 'c';
COMMENT ON CONVERSION app.latin IS 'c';
COMMENT ON DOMAIN app.tags IS 'c';
COMMENT ON EVENT TRIGGER watch IS 'c';
COMMENT ON FOREIGN DATA WRAPPER nothing IS 'c';
COMMENT ON FOREIGN TABLE app.outside IS 'c';
COMMENT ON LANGUAGE plother IS 'c';
COMMENT ON MATERIALIZED VIEW app.summary IS 'c';
COMMENT ON OPERATOR app.=== (app.point3, app.point3) IS 'c';
COMMENT ON OPERATOR CLASS app.int_desc USING btree IS 'c';
COMMENT ON OPERATOR FAMILY app.ints USING btree IS 'c';
COMMENT ON POLICY mine ON app.orders IS 'c';
COMMENT ON PROCEDURE app.clean(integer) IS 'c';
COMMENT ON PUBLICATION everything IS 'c';
COMMENT ON RULE keep ON app.base IS 'c';
COMMENT ON SEQUENCE app.ticket IS 'c';
COMMENT ON SERVER far IS 'c';
COMMENT ON STATISTICS app.users_stats IS 'c';
COMMENT ON SUBSCRIPTION feed IS 'c';
COMMENT ON TEXT SEARCH CONFIGURATION app.search IS 'c';
COMMENT ON TEXT SEARCH DICTIONARY app.simple_de IS 'c';
COMMENT ON TEXT SEARCH PARSER app.prs IS 'c';
COMMENT ON TEXT SEARCH TEMPLATE app.tmpl IS 'c';
COMMENT ON TRANSFORM FOR app.pair LANGUAGE sql IS 'c';
COMMENT ON ACCESS METHOD heap_too IS 'c';
REFRESH MATERIALIZED VIEW app.stored;
