-- One of every kind of object that schema records cover, with names that need quotes and expressions whose text a dump and
-- restore changes. PostgreSQL 13 to 18; what a version does not know it leaves out.
SET client_min_messages = warning;
SELECT current_setting('server_version_num')::integer >= 140000 AS from_14, current_setting('server_version_num')::integer >= 150000 AS from_15,
  current_setting('server_version_num')::integer >= 160000 AS from_16, current_setting('server_version_num')::integer >= 170000 AS from_17,
  current_setting('server_version_num')::integer >= 180000 AS from_18 \gset
CREATE ROLE schema_owner;
CREATE ROLE schema_reader;
CREATE ROLE "Löser 1";

CREATE SCHEMA app AUTHORIZATION schema_owner;
CREATE SCHEMA "Größe ""x"".y";
COMMENT ON SCHEMA app IS 'the application';
GRANT USAGE ON SCHEMA app TO schema_reader, "Löser 1";

-- types
CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'it''s fine');
ALTER TYPE app.mood ADD VALUE 'between' BEFORE 'ok';
CREATE TYPE app.point3 AS (x double precision, y double precision, label text COLLATE "C");
CREATE TYPE app.floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE DOMAIN app.email AS varchar(200) COLLATE "C" NOT NULL DEFAULT 'nobody'
    CONSTRAINT has_at CHECK (VALUE LIKE '%@%' OR VALUE IN ('nobody', 'root'));
CREATE DOMAIN app.tags AS text[] CHECK (cardinality(VALUE) < 10 AND VALUE <> '{a,b}');
COMMENT ON TYPE app.mood IS 'how it feels';
COMMENT ON CONSTRAINT has_at ON DOMAIN app.email IS 'or a system user';
CREATE COLLATION app.german (provider = icu, locale = 'de-DE-u-kn-true');

-- functions
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.note := coalesce(NEW.note, 'touched');
  RETURN NEW;
END $$;
CREATE FUNCTION app.pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION app.add(a integer, b integer DEFAULT 1, VARIADIC rest integer[] DEFAULT '{}') RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 7 SET search_path = pg_catalog AS 'SELECT a + b';
CREATE FUNCTION app.add(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT a || b $$;
\if :from_14
CREATE FUNCTION app.atomic(v varchar) RETURNS boolean LANGUAGE sql STABLE
    BEGIN ATOMIC SELECT v IN ('a', 'b'); END;
\endif
CREATE FUNCTION app.pairs(OUT k text, OUT v integer) RETURNS SETOF record LANGUAGE sql ROWS 5 AS $$ VALUES ('a', 1) $$;
CREATE PROCEDURE app.clean(INOUT n integer) LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN n := 0; END $$;
CREATE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', COMBINEFUNC = int4pl, PARALLEL = SAFE);
REVOKE ALL ON FUNCTION app.add(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.add(text, text) TO schema_reader WITH GRANT OPTION;
COMMENT ON FUNCTION app.add(integer, integer, integer[]) IS 'adds';

-- operators, casts, families
CREATE FUNCTION app.same(app.point3, app.point3) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.x = $2.x';
CREATE OPERATOR app.=== (FUNCTION = app.same, LEFTARG = app.point3, RIGHTARG = app.point3, COMMUTATOR = OPERATOR(app.===));
CREATE FUNCTION app.mood_of(integer) RETURNS app.mood LANGUAGE sql IMMUTABLE AS $$ SELECT 'ok'::app.mood $$;
CREATE CAST (integer AS app.mood) WITH FUNCTION app.mood_of(integer) AS ASSIGNMENT;
CREATE OPERATOR FAMILY app.ints USING btree;
CREATE OPERATOR CLASS app.int_desc FOR TYPE integer USING btree FAMILY app.ints AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(integer, integer);

-- sequences
CREATE SEQUENCE app.ticket AS integer START 100 INCREMENT 5 MINVALUE 10 MAXVALUE 100000 CACHE 3 CYCLE;
SELECT nextval('app.ticket') FROM generate_series(1, 4);
CREATE SEQUENCE app.unused;

-- tables
CREATE TABLE app.users (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 10) PRIMARY KEY,
    old_column integer,
    email app.email,
    name varchar(50) COLLATE "C" NOT NULL,
    state varchar(10) DEFAULT 'new' CHECK (state IN ('new', 'active', 'gone')),
    mood app.mood DEFAULT 'ok',
    spot app.point3,
    tags app.tags,
    born date CHECK (born > '1900-01-01' AND (born < '2100-01-01' AND (state <> 'gone' AND name <> ''))),
    balance numeric(12,2) NOT NULL DEFAULT 0,
    doubled numeric GENERATED ALWAYS AS (balance * 2) STORED,
    upper_name text GENERATED ALWAYS AS (upper(name)) STORED,
    note text DEFAULT 'now: ' || to_char(5, '999'),
    CONSTRAINT names CHECK (CASE WHEN state IN ('a') THEN name IN ('x', 'y') ELSE true END) NOT VALID,
    UNIQUE (name, state) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 80, toast.autovacuum_enabled = off);
ALTER TABLE app.users DROP COLUMN old_column;
ALTER TABLE app.users ALTER COLUMN note SET STORAGE EXTERNAL, ALTER COLUMN note SET STATISTICS 500,
    ALTER COLUMN name SET (n_distinct = -0.5);
\if :from_14
ALTER TABLE app.users ALTER COLUMN note SET COMPRESSION pglz;
\endif
ALTER TABLE app.users OWNER TO schema_owner;
COMMENT ON TABLE app.users IS 'people; it''s a table';
COMMENT ON COLUMN app.users.email IS 'Größe';
COMMENT ON CONSTRAINT names ON app.users IS 'odd names';
GRANT SELECT, INSERT ON app.users TO schema_reader;
GRANT UPDATE (name, note) ON app.users TO schema_reader;
GRANT SELECT ON app.users TO "Löser 1" WITH GRANT OPTION;
SET ROLE "Löser 1";
GRANT SELECT ON app.users TO PUBLIC;
RESET ROLE;
ALTER TABLE app.users REPLICA IDENTITY FULL;

CREATE TABLE app.orders (
    id serial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES app.users ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE,
    during tsrange,
    code char(3) NOT NULL,
    data jsonb DEFAULT '{"a": [1, 2]}',
    EXCLUDE USING gist (during WITH &&) WHERE (code IN ('abc', 'def'))
);
ALTER TABLE app.orders ADD CONSTRAINT code_known CHECK (code = ANY ('{abc,def,ghi}'::bpchar[])) NOT VALID;
CREATE UNLOGGED TABLE app.scratch (a integer, b text);
CREATE TABLE app.of_type OF app.point3 (x PRIMARY KEY, label WITH OPTIONS DEFAULT 'here');
CREATE TABLE "Größe ""x"".y"."Tab le" ("Spalte ""1"".a" text DEFAULT 'it''s', "ключ" integer PRIMARY KEY, CHECK ("Spalte ""1"".a" IN ('ä', 'ö')));

-- inheritance and partitions
CREATE TABLE app.base (id integer, kind varchar(5) CHECK (kind IN ('a', 'b')), at timestamptz DEFAULT '2020-01-01 00:00+02');
CREATE TABLE app.child (extra text DEFAULT 'x', PRIMARY KEY (id)) INHERITS (app.base);
CREATE TABLE app.events (id bigint, at timestamptz NOT NULL, kind varchar(10) CHECK (kind IN ('x', 'y')), user_id bigint,
    note text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01 00:00+01') TO ('2026-01-01 00:00+01');
CREATE TABLE app.events_2026 (note text, id bigint NOT NULL, junk integer, at timestamptz NOT NULL, kind varchar(10) CHECK (kind IN ('x', 'y')),
    user_id bigint);
ALTER TABLE app.events_2026 DROP COLUMN junk;
ALTER TABLE app.events_2026 RENAME CONSTRAINT events_2026_kind_check TO events_kind_check;
ALTER TABLE app.events ATTACH PARTITION app.events_2026 FOR VALUES FROM ('2026-01-01 00:00+01') TO ('2027-01-01 00:00+01');
CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT PARTITION BY LIST (at);
CREATE TABLE app.events_rest_x PARTITION OF app.events_rest FOR VALUES IN ('2024-01-01 00:00+01', '2024-02-01 00:00+01');
CREATE TABLE app.events_rest_y PARTITION OF app.events_rest DEFAULT;
ALTER TABLE app.events ADD CONSTRAINT events_user FOREIGN KEY (user_id) REFERENCES app.users;
CREATE INDEX events_kind ON app.events (kind, lower(note)) WHERE kind IN ('x', 'y');
CREATE TABLE app.hashed (k integer PRIMARY KEY, v text) PARTITION BY HASH (k);
CREATE TABLE app.hashed_0 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.hashed_1 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE app.by_word (w varchar(9)) PARTITION BY LIST (lower(w));
CREATE TABLE app.by_word_a PARTITION OF app.by_word FOR VALUES IN ('a', NULL);
CREATE TABLE app.of_events (id bigint, at timestamptz, FOREIGN KEY (id, at) REFERENCES app.events);

-- indexes and statistics
CREATE INDEX users_lower ON app.users USING btree (lower(name) text_pattern_ops DESC NULLS LAST, (balance + 1), state) INCLUDE (note)
    WITH (fillfactor = 70) WHERE state IN ('new', 'active') AND (balance > 0 AND (name <> 'x' AND note IS NOT NULL));
\if :from_15
CREATE UNIQUE INDEX users_nulls ON app.users (born, id) NULLS NOT DISTINCT;
\endif
CREATE INDEX orders_data ON app.orders USING gin (data jsonb_path_ops);
ALTER INDEX app.users_lower ALTER COLUMN 1 SET STATISTICS 300;
CLUSTER app.orders USING orders_pkey;
CREATE UNIQUE INDEX orders_code ON app.orders (id, code);
ALTER TABLE app.orders REPLICA IDENTITY USING INDEX orders_code;
CREATE STATISTICS app.users_stats (ndistinct, mcv) ON state, name FROM app.users;
ALTER STATISTICS app.users_stats SET STATISTICS 77;
COMMENT ON INDEX app.users_lower IS 'by name';

-- views and rules
CREATE VIEW app.active AS SELECT u.id, u.name, count(o.*) AS orders FROM app.users u LEFT JOIN app.orders o ON o.user_id = u.id
    WHERE u.state IN ('new', 'active') AND (u.balance >= 0 AND (u.name NOT IN ('x', 'y') AND u.born BETWEEN '2000-01-01' AND '2030-01-01'))
    GROUP BY u.id, u.name HAVING count(*) > 0 ORDER BY 2;
CREATE VIEW app.checked WITH (security_barrier) AS SELECT * FROM app.users WHERE state = ANY (ARRAY['new', 'gone']) WITH CASCADED CHECK OPTION;
CREATE VIEW app.renamed (first, "Second Column") AS SELECT 1, 'two'::varchar UNION ALL SELECT 3, v.x FROM (VALUES ('a'), ('b')) v(x) WHERE v.x IN ('a');
ALTER VIEW app.renamed RENAME COLUMN first TO "1st";
ALTER VIEW app.renamed ALTER COLUMN "1st" SET DEFAULT 7;
CREATE VIEW app.windowed AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5)
    SELECT n, row_number() OVER (PARTITION BY n % 2 ORDER BY n) AS rank, n::text COLLATE "C" AS t, EXISTS (SELECT FROM app.base b WHERE b.kind IN ('a')) AS e FROM r;
CREATE MATERIALIZED VIEW app.summary AS SELECT state, count(*) AS n FROM app.users WHERE state IN ('new', 'active') GROUP BY state;
CREATE UNIQUE INDEX summary_state ON app.summary (state);
CREATE MATERIALIZED VIEW app.empty_summary AS SELECT 1 AS one WITH NO DATA;
CREATE RULE keep AS ON DELETE TO app.base WHERE old.kind IN ('a', 'b') AND (old.id > 0 AND (old.id < 9 AND old.at IS NOT NULL)) DO INSTEAD NOTHING;
CREATE RULE several AS ON UPDATE TO app.base WHERE new.kind IN ('a') DO ALSO (INSERT INTO app.scratch SELECT old.id, u.note FROM app.users u WHERE u.state IN ('new', 'gone') AND u.id = new.id; DELETE FROM app.scratch WHERE a = old.id);
CREATE RULE log AS ON INSERT TO app.base DO ALSO INSERT INTO app.scratch VALUES (new.id, 'rule'), (2, new.kind);
CREATE RULE told AS ON INSERT TO app.base DO ALSO NOTIFY moved;
ALTER TABLE app.base DISABLE RULE log;
COMMENT ON VIEW app.active IS 'the active ones';

-- triggers
CREATE TRIGGER touch BEFORE INSERT OR UPDATE OF name, state ON app.users FOR EACH ROW
    WHEN (new.state IN ('new', 'active') AND (new.balance > 0 AND new.name <> 'x')) EXECUTE FUNCTION app.touch('a', 'it''s');
CREATE TRIGGER changed AFTER UPDATE ON app.users FOR EACH ROW WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION app.touch();
ALTER TABLE app.users DISABLE TRIGGER changed;
CREATE TRIGGER on_events BEFORE INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.events_2026 DISABLE TRIGGER on_events;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON app.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.pass();
CREATE TRIGGER transition AFTER INSERT ON app.orders REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION app.pass();
ALTER TABLE app.orders ENABLE ALWAYS TRIGGER transition;
COMMENT ON TRIGGER touch ON app.users IS 'touches';
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION app.on_ddl();
CREATE EVENT TRIGGER quiet ON sql_drop EXECUTE FUNCTION app.on_ddl();
ALTER EVENT TRIGGER quiet DISABLE;

-- row security
ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.base ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON app.orders AS RESTRICTIVE FOR UPDATE TO schema_reader, "Löser 1"
    USING (code IN ('abc') AND (id > 0 AND (user_id IN (SELECT u.id FROM app.users u WHERE u.state IN ('new', 'active')))))
    WITH CHECK (current_user::text IN ('a', 'b'));
CREATE POLICY everyone ON app.base USING (kind IN ('a', 'b'));

-- replication, foreign data, text search, defaults
\if :from_15
CREATE PUBLICATION "some" FOR TABLE app.users (id, name) WHERE (id > 5 AND (id < 10 AND id <> 7)) WITH (publish = 'insert');
CREATE PUBLICATION whole FOR TABLES IN SCHEMA "Größe ""x"".y", TABLE app.orders WITH (publish = 'insert, delete');
\endif
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish_via_partition_root);
CREATE FOREIGN DATA WRAPPER nothing OPTIONS (debug 'true');
CREATE SERVER far TYPE 'x' VERSION '1' FOREIGN DATA WRAPPER nothing OPTIONS (host 'h');
CREATE FOREIGN TABLE app.outside (a integer OPTIONS (n 'v') NOT NULL, b text) SERVER far OPTIONS (t 'u');
CREATE USER MAPPING FOR schema_reader SERVER far OPTIONS (password 'secret');
CREATE TEXT SEARCH DICTIONARY app.simple_de (TEMPLATE = pg_catalog.simple, STOPWORDS = 'german');
CREATE TEXT SEARCH CONFIGURATION app.search (PARSER = pg_catalog."default");
ALTER TEXT SEARCH CONFIGURATION app.search ADD MAPPING FOR asciiword, word WITH app.simple_de, english_stem;
ALTER DEFAULT PRIVILEGES FOR ROLE schema_owner IN SCHEMA app GRANT SELECT ON TABLES TO schema_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE schema_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
SELECT lo_from_bytea(4242, 'hello');
-- with a hole of several pages, which a restore fills
SELECT lo_create(4243);
SELECT lo_put(4243, 10000, 'far away');
SELECT lo_put(4243, 10, 'near');
COMMENT ON LARGE OBJECT 4242 IS 'a greeting';

-- rows
INSERT INTO app.users (email, name, state, balance, spot, tags)
    SELECT 'u' || i || '@x', 'user ' || i, (ARRAY['new', 'active'])[1 + i % 2], i * 1.10, ROW(i, -i, 'p')::app.point3, ARRAY['t' || i]
    FROM generate_series(1, 300) i;
INSERT INTO app.orders (user_id, code) SELECT 10 + i, 'abc' FROM generate_series(1, 50) i;
INSERT INTO app.events (id, at, kind, user_id) SELECT i, '2025-06-01'::timestamptz + i * interval '3 days', (ARRAY['x', 'y'])[1 + i % 2], 10
    FROM generate_series(1, 400) i;
INSERT INTO app.hashed SELECT i, 'v' FROM generate_series(1, 100) i;
INSERT INTO app.child (id, kind) VALUES (1, 'a'), (2, 'b');
INSERT INTO "Größe ""x"".y"."Tab le" VALUES ('ä', 1), ('ö', 2);
INSERT INTO app.scratch VALUES (1, 'one');
REFRESH MATERIALIZED VIEW app.summary;
