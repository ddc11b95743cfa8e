-- One change to every facet of every kind of object in schema.sql and schema-kinds.sql, each followed by the finding that must
-- name it. Run by 22-schema-mutations.t: each section is a transaction that is rolled back, and its findings are exactly those
-- written here: "status kind identity facet" (several are separated by " & "). Sections that need certain server versions say so.

-- === dumpNamespace, dumpExtension
ALTER SCHEMA app OWNER TO postgres; --> mismatch schema app owner
COMMENT ON SCHEMA app IS 'changed'; --> mismatch schema app comment
REVOKE USAGE ON SCHEMA app FROM schema_reader; --> mismatch schema app acl
GRANT CREATE ON SCHEMA public TO schema_reader; --> mismatch schema public acl
CREATE EXTENSION citext SCHEMA ext; --> extra extension citext existence & mismatch type ext.citext acl
UPDATE pg_extension SET extversion = '0.0' WHERE extname = 'hstore'; --> warning extension hstore version

-- === dumpNamespace: another name (from 15)
ALTER SCHEMA "Größe ""x"".y" RENAME TO other; --> missing schema "Größe ""x"".y" existence & extra schema other existence & missing table "Größe ""x"".y"."Tab le" existence & extra table other."Tab le" existence & mismatch publication whole schemas

-- === dumpExtension: members
ALTER EXTENSION hstore SET SCHEMA public; --> mismatch extension hstore schema & mismatch function ext.akeys(ext.hstore) acl & mismatch function public.akeys(public.hstore) acl & mismatch type ext.hstore acl & mismatch type public.hstore acl

-- === dumpExtension: dropped
DROP EXTENSION hstore CASCADE; --> missing extension hstore existence & missing function app.numbered() existence & mismatch function ext.akeys(ext.hstore) acl & mismatch type ext.hstore acl

-- === dumpBaseType, dumpShellType, dumpRangeType, dumpEnumType, dumpCompositeType, dumpDomain
ALTER TYPE app.raw SET (STORAGE = external); --> mismatch type app.raw definition
DROP TYPE app.shell; --> missing type app.shell existence
UPDATE pg_range SET rngcollation = 100 WHERE rngtypid = 'app.wordrange'::regtype; --> mismatch type app.wordrange definition
ALTER TYPE app.mood RENAME VALUE 'sad' TO 'gloomy'; --> mismatch type app.mood definition
COMMENT ON TYPE app.mood IS 'changed'; --> mismatch type app.mood comment
GRANT USAGE ON TYPE app.mood TO schema_owner; --> mismatch type app.mood acl
ALTER TYPE app.pair ADD ATTRIBUTE c text COLLATE "C"; --> mismatch type app.pair definition
COMMENT ON COLUMN app.pair.b IS NULL; --> mismatch column app.pair.b comment
ALTER TYPE app.pair OWNER TO schema_owner; --> mismatch type app.pair owner
ALTER DOMAIN app.email DROP NOT NULL; --> mismatch domain app.email definition
ALTER DOMAIN app.email OWNER TO schema_owner; --> mismatch domain app.email owner
GRANT USAGE ON DOMAIN app.email TO PUBLIC; --> mismatch domain app.email acl
COMMENT ON DOMAIN app.tags IS NULL; --> mismatch domain app.tags comment
ALTER DOMAIN app.positive SET DEFAULT 1; --> mismatch domain app.positive definition
ALTER DOMAIN app.positive VALIDATE CONSTRAINT below; --> mismatch domain constraint app.positive.below definition
ALTER DOMAIN app.positive DROP CONSTRAINT above; --> missing domain constraint app.positive.above existence
COMMENT ON CONSTRAINT has_at ON DOMAIN app.email IS 'changed'; --> mismatch domain constraint app.email.has_at comment

-- === dumpRangeType: multirange (from 14)
ALTER TYPE app.wordmultirange RENAME TO words; --> mismatch type app.wordrange multirange

-- === dumpFunc, dumpAgg
CREATE OR REPLACE FUNCTION app.add(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT b || a'; --> mismatch function app.add(text, text) definition
ALTER FUNCTION app.add(integer, integer, integer[]) RESET ALL; --> mismatch function app.add(integer, integer, integer[]) definition
COMMENT ON FUNCTION app.add(integer, integer, integer[]) IS NULL; --> mismatch function app.add(integer, integer, integer[]) comment
ALTER FUNCTION app.pairs() ROWS 6; --> mismatch function app.pairs() definition
ALTER FUNCTION app.pairs() OWNER TO schema_owner; --> mismatch function app.pairs() owner
CREATE OR REPLACE FUNCTION app.defaults(a varchar DEFAULT 'x', b boolean DEFAULT 'v'::varchar IN ('a', 'c'), c text DEFAULT concat('a,', 'b')) RETURNS text
    LANGUAGE plother LEAKPROOF SUPPORT pg_catalog.textlike_support AS 'BEGIN RETURN a; END'; --> mismatch function app.defaults(character varying, boolean, text) definition
ALTER FUNCTION app.transformed(app.pair) PARALLEL SAFE; --> mismatch function app.transformed(app.pair) definition
DROP FUNCTION app.numbered(); --> missing function app.numbered() existence
ALTER PROCEDURE app.clean(integer) SECURITY INVOKER; --> mismatch procedure app.clean(integer) definition
COMMENT ON PROCEDURE app.clean(integer) IS NULL; --> mismatch procedure app.clean(integer) comment
REVOKE EXECUTE ON PROCEDURE app.clean(integer) FROM schema_reader; --> mismatch procedure app.clean(integer) acl
REVOKE GRANT OPTION FOR EXECUTE ON FUNCTION app.add(text, text) FROM schema_reader; --> mismatch function app.add(text, text) acl
UPDATE pg_aggregate SET aggmfinalmodify = 'r' WHERE aggfnoid = 'app.moving'::regproc; --> mismatch aggregate app.moving(integer) definition
COMMENT ON AGGREGATE app.total(integer) IS NULL; --> mismatch aggregate app.total(integer) comment
ALTER AGGREGATE app.total(integer) OWNER TO schema_owner; --> mismatch aggregate app.total(integer) owner

-- === dumpFunc: standard SQL bodies (from 14)
CREATE OR REPLACE FUNCTION app.atomic(v varchar) RETURNS boolean LANGUAGE sql STABLE BEGIN ATOMIC SELECT v IN ('a', 'c'); END; --> mismatch function app.atomic(character varying) definition

-- === dumpProcLang, dumpAccessMethod, dumpTransform, dumpCast, dumpConversion
ALTER LANGUAGE plother OWNER TO schema_owner; --> mismatch language plother owner
COMMENT ON LANGUAGE plother IS NULL; --> mismatch language plother comment
GRANT USAGE ON LANGUAGE plother TO schema_reader; --> mismatch language plother acl
UPDATE pg_language SET lanpltrusted = false WHERE lanname = 'plother'; --> mismatch language plother definition
COMMENT ON ACCESS METHOD heap_too IS NULL; --> mismatch access method heap_too comment
DROP ACCESS METHOD tree; --> missing access method tree existence
UPDATE pg_transform SET trftosql = 'int4recv(internal)'::regprocedure WHERE trftype = 'app.pair'::regtype; --> mismatch transform app.pair LANGUAGE sql definition
COMMENT ON TRANSFORM FOR app.pair LANGUAGE sql IS NULL; --> mismatch transform app.pair LANGUAGE sql comment
UPDATE pg_cast SET castcontext = 'i' WHERE casttarget = 'app.mood'::regtype; --> mismatch cast (integer AS app.mood) definition
COMMENT ON CAST (integer AS app.mood) IS NULL; --> mismatch cast (integer AS app.mood) comment
UPDATE pg_conversion SET condefault = true WHERE conname = 'latin'; --> mismatch conversion app.latin definition
ALTER CONVERSION app.latin OWNER TO schema_owner; --> mismatch conversion app.latin owner
COMMENT ON CONVERSION app.latin IS NULL; --> mismatch conversion app.latin comment

-- === dumpAccessMethod: another handler; dumpCast, dumpConversion: dropped
UPDATE pg_am SET amhandler = 'hashhandler'::regproc WHERE amname = 'tree'; --> mismatch access method tree definition
DROP CAST (integer AS app.mood); --> missing cast (integer AS app.mood) existence
DROP CONVERSION app.latin; --> missing conversion app.latin existence

-- === owners that must be superusers
ALTER ROLE schema_owner SUPERUSER;
ALTER FOREIGN DATA WRAPPER nothing OWNER TO schema_owner; --> mismatch foreign data wrapper nothing owner
ALTER EVENT TRIGGER watch OWNER TO schema_owner; --> mismatch event trigger watch owner
ALTER PUBLICATION everything OWNER TO schema_owner; --> mismatch publication everything owner
ALTER SUBSCRIPTION feed OWNER TO schema_owner; --> warning subscription feed owner

-- === dumpOpr, dumpOpclass, dumpOpfamily, dumpCollation
ALTER OPERATOR app.<# (integer, integer) SET (RESTRICT = NONE); --> mismatch operator app.<#(integer, integer) definition
ALTER OPERATOR app.=== (app.point3, app.point3) OWNER TO schema_owner; --> mismatch operator app.===(app.point3, app.point3) owner
COMMENT ON OPERATOR app.=== (app.point3, app.point3) IS NULL; --> mismatch operator app.===(app.point3, app.point3) comment
ALTER OPERATOR FAMILY app.ints USING btree DROP OPERATOR 1 (integer, bigint); --> mismatch operator family app.ints USING btree definition
ALTER OPERATOR FAMILY app.ints USING btree OWNER TO schema_owner; --> mismatch operator family app.ints USING btree owner
COMMENT ON OPERATOR FAMILY app.ints USING btree IS NULL; --> mismatch operator family app.ints USING btree comment
UPDATE pg_opclass SET opckeytype = 20 WHERE opcname = 'int_desc'; --> mismatch operator class app.int_desc USING btree definition
ALTER OPERATOR CLASS app.int_desc USING btree OWNER TO schema_owner; --> mismatch operator class app.int_desc USING btree owner
COMMENT ON OPERATOR CLASS app.int_desc USING btree IS NULL; --> mismatch operator class app.int_desc USING btree comment
UPDATE pg_collation SET collisdeterministic = false, collversion = '0' WHERE collname = 'german'; --> mismatch collation app.german definition & warning collation app.german version
ALTER COLLATION app.german OWNER TO schema_owner; --> mismatch collation app.german owner
COMMENT ON COLLATION app.german IS NULL; --> mismatch collation app.german comment

-- === dumpOpclass, dumpOpfamily: members
DELETE FROM pg_amop WHERE amopopr = 'app.<(app.raw, app.raw)'::regoperator; --> mismatch operator class app.raw_ops USING btree members
UPDATE pg_amproc SET amproc = 'gist_circle_consistent(internal, circle, smallint, oid, internal)'::regprocedure
WHERE amproc::oid = 'gist_box_consistent(internal, box, smallint, oid, internal)'::regprocedure AND amproclefttype = 'app.raw'::regtype; --> mismatch operator class app.raw_gist USING gist members & mismatch operator family app.raw_gist USING gist definition
ALTER OPERATOR FAMILY pg_catalog.datetime_ops USING btree ADD OPERATOR 1 pg_catalog.<(integer, bigint); --> warning operator family pg_catalog.datetime_ops USING btree existence

-- === dumpOpclass, dumpOpfamily: a member that is loose, and one of another family
UPDATE pg_depend AS d SET refclassid = 'pg_opfamily'::regclass, refobjid = a.amopfamily FROM pg_amop AS a
WHERE d.classid = 'pg_amop'::regclass AND d.objid = a.oid AND d.refclassid = 'pg_opclass'::regclass
  AND a.amopopr = 'app.=(app.raw, app.raw)'::regoperator AND a.amopfamily <> (SELECT oid FROM pg_opfamily WHERE opfname = 'raw_gist'); --> mismatch operator class app.raw_ops USING btree members & warning operator family pg_catalog.text_ops USING btree existence
DELETE FROM pg_amproc WHERE amprocnum = 8 AND amproclefttype = 'app.raw'::regtype; --> mismatch operator family app.raw_gist USING gist definition

-- === dumpTSParser, dumpTSTemplate, dumpTSDictionary, dumpTSConfig
UPDATE pg_ts_parser SET prsheadline = 0 WHERE prsname = 'prs'; --> mismatch text search parser app.prs definition
COMMENT ON TEXT SEARCH PARSER app.prs IS NULL; --> mismatch text search parser app.prs comment
UPDATE pg_ts_template SET tmplinit = 0 WHERE tmplname = 'tmpl'; --> mismatch text search template app.tmpl definition
COMMENT ON TEXT SEARCH TEMPLATE app.tmpl IS NULL; --> mismatch text search template app.tmpl comment
ALTER TEXT SEARCH DICTIONARY app.simple_de (STOPWORDS = 'english'); --> mismatch text search dictionary app.simple_de definition
ALTER TEXT SEARCH DICTIONARY app.simple_de OWNER TO schema_owner; --> mismatch text search dictionary app.simple_de owner
COMMENT ON TEXT SEARCH DICTIONARY app.simple_de IS NULL; --> mismatch text search dictionary app.simple_de comment
ALTER TEXT SEARCH CONFIGURATION app.search DROP MAPPING FOR word; --> mismatch text search configuration app.search definition
ALTER TEXT SEARCH CONFIGURATION app.search OWNER TO schema_owner; --> mismatch text search configuration app.search owner
COMMENT ON TEXT SEARCH CONFIGURATION app.search IS NULL; --> mismatch text search configuration app.search comment

-- === dumpForeignDataWrapper, dumpForeignServer, dumpUserMappings
ALTER FOREIGN DATA WRAPPER nothing OPTIONS (SET debug 'false'); --> mismatch foreign data wrapper nothing definition
REVOKE USAGE ON FOREIGN DATA WRAPPER nothing FROM schema_reader; --> mismatch foreign data wrapper nothing acl
COMMENT ON FOREIGN DATA WRAPPER nothing IS NULL; --> mismatch foreign data wrapper nothing comment
ALTER SERVER far VERSION '2'; --> mismatch server far definition
ALTER SERVER far OWNER TO schema_owner; --> mismatch server far owner
COMMENT ON SERVER far IS NULL; --> mismatch server far comment
ALTER USER MAPPING FOR PUBLIC SERVER far OPTIONS (SET "user" 's'); --> mismatch user mapping far.public options
ALTER USER MAPPING FOR schema_reader SERVER far OPTIONS (DROP password); --> warning user mapping far.schema_reader options
ALTER FOREIGN TABLE app.outside OPTIONS (SET t 'v'); --> mismatch foreign table app.outside definition
ALTER FOREIGN TABLE app.outside ALTER a OPTIONS (SET n 'w'); --> mismatch column app.outside.a foreign options
COMMENT ON FOREIGN TABLE app.outside IS NULL; --> mismatch foreign table app.outside comment
GRANT SELECT ON app.outside TO schema_reader; --> mismatch foreign table app.outside acl

-- === dumpUserMappings: dropped
DROP USER MAPPING FOR schema_reader SERVER far; --> missing user mapping far.schema_reader existence

-- === dumpTable, dumpTableSchema: tables
ALTER TABLE app.users OWNER TO postgres; --> mismatch table app.users owner & mismatch sequence app.users_id_seq owner
COMMENT ON TABLE app.users IS NULL; --> mismatch table app.users comment
REVOKE INSERT ON app.users FROM schema_reader; --> mismatch table app.users acl
ALTER TABLE app.users SET (fillfactor = 70); --> mismatch table app.users options
ALTER TABLE app.users REPLICA IDENTITY DEFAULT; --> mismatch table app.users replica identity
ALTER TABLE app.heap_two SET (toast.autovacuum_enabled = off); --> mismatch table app.heap_two options
ALTER TABLE app.scratch SET LOGGED; --> mismatch table app.scratch definition
ALTER TABLE app.of_type NOT OF; --> mismatch table app.of_type of type
ALTER TABLE app.orders DISABLE ROW LEVEL SECURITY; --> mismatch table app.orders row security
ALTER TABLE app.by_word DETACH PARTITION app.by_word_a; --> mismatch table app.by_word_a definition & mismatch table app.by_word_a partition of
CREATE TABLE app.fresh (); --> extra table app.fresh existence

-- === dumpTable: access method, inheritance order, partition bounds and keys
UPDATE pg_class SET relam = (SELECT oid FROM pg_am WHERE amname = 'heap') WHERE oid = 'app.heap_two'::regclass; --> mismatch table app.heap_two access method
UPDATE pg_inherits SET inhseqno = 13 - inhseqno WHERE inhrelid = 'app.heir'::regclass; --> mismatch table app.heir inherits & mismatch table app.heir columns & warning table app.heir order of columns
ALTER TABLE app.events DETACH PARTITION app.events_2025;
ALTER TABLE app.events ATTACH PARTITION app.events_2025 FOR VALUES FROM ('2025-01-01 00:00+01') TO ('2026-01-01 00:00+02'); --> mismatch table app.events_2025 partition of
DROP TABLE app.by_word;
CREATE TABLE app.by_word (w varchar(9)) PARTITION BY LIST (upper(w)); --> mismatch table app.by_word definition
CREATE TABLE app.by_word_a PARTITION OF app.by_word FOR VALUES IN ('a', NULL);
DROP TABLE app.by_expression;
CREATE TABLE app.by_expression (v varchar(9), n integer) PARTITION BY LIST ((v IN ('a', 'c'))); --> mismatch table app.by_expression definition
CREATE TABLE app.by_expression_t PARTITION OF app.by_expression FOR VALUES IN (true);
DROP TABLE app.by_several;
CREATE TABLE app.by_several (v varchar(9), n integer) PARTITION BY RANGE (n, (CASE WHEN v IN ('a', 'b') THEN 1 ELSE 0 END), lower(v) COLLATE "C"); --> mismatch table app.by_several definition

-- === dumpTableSchema: a column more, one less, another order
ALTER TABLE app.orders ADD extra integer; --> extra column app.orders.extra existence & mismatch table app.orders columns
ALTER TABLE app.half DROP y; --> missing column app.half.y existence & mismatch table app.half columns & missing constraint app.half.xy existence
ALTER TABLE app.parent_a ADD z integer; --> extra column app.parent_a.z existence & mismatch table app.parent_a columns & extra column app.heir.z existence & mismatch table app.heir columns & warning table app.heir order of columns
ALTER FOREIGN TABLE app.outside DROP a, ADD a integer OPTIONS (n 'v') NOT NULL; --> mismatch foreign table app.outside columns

-- === dumpTableSchema: columns
ALTER TABLE app.of_events ALTER at TYPE timestamptz(3); --> mismatch column app.of_events.at definition
ALTER TABLE app.users ALTER name DROP NOT NULL; --> mismatch column app.users.name definition
ALTER TABLE app.child ALTER extra TYPE text COLLATE "C"; --> mismatch column app.child.extra definition
ALTER TABLE app.users ALTER id SET GENERATED BY DEFAULT; --> mismatch column app.users.id definition
ALTER TABLE app.users ALTER doubled DROP EXPRESSION; --> mismatch column app.users.doubled definition
ALTER TABLE app.users ALTER note SET STORAGE MAIN, ALTER note SET STATISTICS 499; --> mismatch column app.users.note storage & mismatch column app.users.note statistics
ALTER TABLE app.users ALTER name SET (n_distinct = -0.4); --> mismatch column app.users.name options
COMMENT ON COLUMN app.users.email IS NULL; --> mismatch column app.users.email comment
REVOKE UPDATE (note) ON app.users FROM schema_reader; --> mismatch column app.users.note acl
ALTER MATERIALIZED VIEW app.stored ALTER note SET STORAGE MAIN; --> mismatch column app.stored.note storage
ALTER MATERIALIZED VIEW app.stored ALTER note SET STATISTICS 9; --> mismatch column app.stored.note statistics
UPDATE pg_attribute SET attislocal = NOT attislocal WHERE attrelid = 'app.heir'::regclass AND attname = 'b'; --> mismatch column app.heir.b inheritance

-- === dumpTableSchema: compression (from 14)
ALTER TABLE app.users ALTER note SET COMPRESSION default; --> mismatch column app.users.note compression

-- === dumpAttrDef
ALTER TABLE app.users ALTER state SET DEFAULT 'active'; --> mismatch column app.users.state definition
ALTER TABLE app.child ALTER extra DROP DEFAULT; --> mismatch column app.child.extra definition
ALTER VIEW app.renamed ALTER "1st" SET DEFAULT 8; --> mismatch column app.renamed."1st" definition

-- === dumpConstraint, dumpTableConstraintComment
ALTER TABLE app.orders VALIDATE CONSTRAINT code_known; --> mismatch constraint app.orders.code_known definition
ALTER TABLE app.orders ALTER CONSTRAINT orders_user_id_fkey NOT DEFERRABLE; --> mismatch constraint app.orders.orders_user_id_fkey definition
ALTER TABLE app.half DROP CONSTRAINT half_x_fkey, ADD CONSTRAINT half_x_fkey FOREIGN KEY (x) REFERENCES app.heap_two ON DELETE CASCADE NOT VALID; --> mismatch constraint app.half.half_x_fkey definition
ALTER TABLE app.half DROP CONSTRAINT xy, ADD CONSTRAINT xy CHECK (x < y); --> mismatch constraint app.half.xy definition
ALTER TABLE app.base DROP CONSTRAINT base_kind_check, ADD CONSTRAINT base_kind_check CHECK (kind IN ('a', 'b', 'c')); --> mismatch constraint app.base.base_kind_check definition & mismatch constraint app.child.base_kind_check definition
ALTER TABLE app.heap_two DROP CONSTRAINT heap_two_b_key; --> missing constraint app.heap_two.heap_two_b_key existence
COMMENT ON CONSTRAINT names ON app.users IS NULL; --> mismatch constraint app.users.names comment
UPDATE pg_constraint SET conislocal = NOT conislocal WHERE conrelid = 'app.heir'::regclass AND conname = 'b_small'; --> mismatch constraint app.heir.b_small inheritance
ALTER TABLE app.of_events DISABLE TRIGGER ALL; --> mismatch constraint app.of_events.of_events_id_at_fkey enforcement
ALTER TABLE app.events DROP CONSTRAINT events_user; --> missing constraint app.events.events_user existence

-- === dumpConstraint: keys and exclusion
ALTER TABLE app.orders DROP CONSTRAINT orders_during_excl, ADD CONSTRAINT orders_during_excl EXCLUDE USING gist (during WITH &&) WHERE (code IN ('abc', 'xyz')); --> mismatch constraint app.orders.orders_during_excl definition & mismatch index app.orders_during_excl definition
ALTER TABLE app.heap_two DROP CONSTRAINT heap_two_b_key, ADD UNIQUE (b); --> mismatch constraint app.heap_two.heap_two_b_key definition & mismatch index app.heap_two_b_key depends on extension
ALTER TABLE app.child DROP CONSTRAINT child_pkey, ADD CONSTRAINT child_pkey PRIMARY KEY (id) INCLUDE (at); --> mismatch constraint app.child.child_pkey definition & mismatch index app.child_pkey definition

-- === dumpConstraint: NOT NULL by name (from 18)
ALTER TABLE app.orders RENAME CONSTRAINT orders_code_not_null TO code_there; --> extra constraint app.orders.code_there existence
ALTER TABLE app.half ADD CONSTRAINT y_there NOT NULL y NOT VALID; --> extra constraint app.half.y_there existence & mismatch column app.half.y definition
ALTER TABLE app.half ADD CONSTRAINT half_x_not_null NOT NULL x NO INHERIT; --> extra constraint app.half.half_x_not_null existence & mismatch column app.half.x definition
COMMENT ON CONSTRAINT orders_user_id_not_null ON app.orders IS 'c'; --> extra constraint app.orders.orders_user_id_not_null existence
ALTER DOMAIN app.email RENAME CONSTRAINT email_not_null TO there; --> extra domain constraint app.email.there existence
ALTER TABLE app.orders ALTER CONSTRAINT orders_user_id_fkey NOT ENFORCED; --> mismatch constraint app.orders.orders_user_id_fkey definition

-- === dumpIndex, dumpIndexAttach
ALTER INDEX app.users_lower SET (fillfactor = 60); --> mismatch index app.users_lower definition
ALTER INDEX app.users_lower ALTER COLUMN 1 SET STATISTICS 299; --> mismatch index app.users_lower statistics
COMMENT ON INDEX app.users_lower IS NULL; --> mismatch index app.users_lower comment
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.orders_data'::regclass; --> mismatch index app.orders_data state
ALTER TABLE app.orders SET WITHOUT CLUSTER; --> mismatch index app.orders_pkey state
ALTER TABLE app.orders REPLICA IDENTITY DEFAULT; --> mismatch table app.orders replica identity & mismatch index app.orders_code state
DROP INDEX app.events_kind; --> missing index app.events_kind existence & missing index app.events_2025_kind_lower_idx existence & missing index app.events_2026_kind_lower_idx existence & missing index app.events_rest_kind_lower_idx existence & missing index app.events_rest_x_kind_lower_idx existence & missing index app.events_rest_y_kind_lower_idx existence
CREATE INDEX another ON app.orders (user_id); --> extra index app.another existence
DROP INDEX app.summary_state; --> missing index app.summary_state existence

-- === dumpIndex: NULLS NOT DISTINCT (from 15)
DROP INDEX app.users_nulls;
CREATE UNIQUE INDEX users_nulls ON app.users (born, id); --> mismatch index app.users_nulls definition

-- === dumpIndexAttach (until 17)
ALTER TABLE app.hashed DETACH PARTITION app.hashed_1; --> mismatch table app.hashed_1 definition & mismatch table app.hashed_1 partition of & mismatch index app.hashed_1_pkey attached to

-- === dumpStatisticsExt
ALTER STATISTICS app.users_stats SET STATISTICS 76; --> mismatch statistics app.users_stats target
ALTER STATISTICS app.users_stats OWNER TO schema_reader; --> mismatch statistics app.users_stats owner
COMMENT ON STATISTICS app.users_stats IS NULL; --> mismatch statistics app.users_stats comment

-- === dumpStatisticsExt: other kinds, other columns
DROP STATISTICS app.users_stats;
CREATE STATISTICS app.users_stats (ndistinct) ON state, name FROM app.users; --> mismatch statistics app.users_stats definition & mismatch statistics app.users_stats target & mismatch statistics app.users_stats comment

-- === dumpStatisticsExt: expressions (from 14)
DROP STATISTICS app.expressed;
CREATE STATISTICS app.expressed (mcv) ON (state IN ('new', 'active')), lower(name) FROM app.users; --> mismatch statistics app.expressed definition

-- === dumpRule, views
ALTER TABLE app.base ENABLE RULE log; --> mismatch rule app.base.log enabled
COMMENT ON RULE keep ON app.base IS NULL; --> mismatch rule app.base.keep comment
CREATE OR REPLACE RULE several AS ON UPDATE TO app.base WHERE new.kind IN ('b') DO ALSO (INSERT INTO app.scratch SELECT old.id, u.note FROM app.users u WHERE u.state IN ('new', 'gone') AND u.id = new.id; DELETE FROM app.scratch WHERE a = old.id); --> mismatch rule app.base.several definition
DROP RULE told ON app.base; --> missing rule app.base.told existence
CREATE OR REPLACE VIEW app.checked WITH (security_barrier) AS SELECT * FROM app.users WHERE state = ANY (ARRAY['new', 'gone2']) WITH CASCADED CHECK OPTION; --> mismatch view app.checked definition
ALTER VIEW app.writable SET (security_barrier = true); --> mismatch view app.writable options
COMMENT ON VIEW app.active IS NULL; --> mismatch view app.active comment
ALTER VIEW app.active OWNER TO schema_owner; --> mismatch view app.active owner
GRANT SELECT ON app.active TO PUBLIC; --> mismatch view app.active acl
COMMENT ON COLUMN app.writable.note IS NULL; --> mismatch column app.writable.note comment
ALTER VIEW app.writable RENAME COLUMN a TO b; --> mismatch view app.writable columns & mismatch view app.writable definition
ALTER MATERIALIZED VIEW app.stored SET (fillfactor = 50, toast.autovacuum_enabled = on); --> mismatch materialized view app.stored options
COMMENT ON MATERIALIZED VIEW app.summary IS NULL; --> mismatch materialized view app.summary comment
GRANT SELECT ON app.summary TO PUBLIC; --> mismatch materialized view app.summary acl
ALTER MATERIALIZED VIEW app.summary OWNER TO schema_owner; --> mismatch materialized view app.summary owner
DROP VIEW app.windowed; --> missing view app.windowed existence

-- === dumpTable: of a materialized view
UPDATE pg_class SET relam = (SELECT oid FROM pg_am WHERE amname = 'heap_too') WHERE oid = 'app.stored'::regclass; --> mismatch materialized view app.stored access method
UPDATE pg_class SET relreplident = 'f' WHERE oid = 'app.stored'::regclass; --> mismatch materialized view app.stored replica identity

-- === refreshMatViewData
REFRESH MATERIALIZED VIEW app.stored WITH NO DATA; --> mismatch materialized view app.stored rows

-- === dumpSequence
ALTER SEQUENCE app.ticket INCREMENT 6; --> mismatch sequence app.ticket definition
ALTER SEQUENCE app.unused NO CYCLE CACHE 2; --> mismatch sequence app.unused definition
ALTER SEQUENCE app.orders_id_seq OWNED BY NONE; --> mismatch sequence app.orders_id_seq owned by
COMMENT ON SEQUENCE app.ticket IS NULL; --> mismatch sequence app.ticket comment
REVOKE USAGE ON SEQUENCE app.ticket FROM schema_reader; --> mismatch sequence app.ticket acl
ALTER SEQUENCE app.ticket OWNER TO schema_owner; --> mismatch sequence app.ticket owner

-- === dumpSequence: unlogged (from 15)
ALTER SEQUENCE app.unused SET UNLOGGED; --> mismatch sequence app.unused persistence

-- === dumpTrigger, dumpEventTrigger, dumpPolicy
ALTER TABLE app.users DISABLE TRIGGER touch; --> mismatch trigger app.users.touch enabled
ALTER TABLE app.events_2025 ENABLE REPLICA TRIGGER on_events; --> mismatch trigger app.events_2025.on_events enabled
ALTER TABLE app.users ENABLE ALWAYS TRIGGER changed; --> mismatch trigger app.users.changed enabled
COMMENT ON TRIGGER touch ON app.users IS NULL; --> mismatch trigger app.users.touch comment
DROP TRIGGER transition ON app.orders; --> missing trigger app.orders.transition existence
DROP TRIGGER later ON app.orders;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON app.orders DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION app.pass(); --> mismatch trigger app.orders.later definition
DROP TRIGGER instead ON app.writable; --> missing trigger app.writable.instead existence
ALTER EVENT TRIGGER watch ENABLE REPLICA; --> mismatch event trigger watch enabled
COMMENT ON EVENT TRIGGER watch IS NULL; --> mismatch event trigger watch comment
DROP EVENT TRIGGER quiet;
CREATE EVENT TRIGGER quiet ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION app.on_ddl();
ALTER EVENT TRIGGER quiet DISABLE; --> mismatch event trigger quiet definition
ALTER POLICY mine ON app.orders TO schema_reader; --> mismatch policy app.orders.mine definition
COMMENT ON POLICY mine ON app.orders IS NULL; --> mismatch policy app.orders.mine comment
ALTER POLICY everyone ON app.base USING (kind IN ('a')); --> mismatch policy app.base.everyone definition

-- === dumpTrigger: another condition
DROP TRIGGER touch ON app.users;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE OF name, state ON app.users FOR EACH ROW
    WHEN (new.state IN ('new', 'passive') AND (new.balance > 0 AND new.name <> 'x')) EXECUTE FUNCTION app.touch('a', 'it''s'); --> mismatch trigger app.users.touch definition & mismatch trigger app.users.touch comment

-- === dumpPublication, dumpSubscription
ALTER PUBLICATION everything SET (publish = 'insert'); --> mismatch publication everything definition
COMMENT ON PUBLICATION everything IS NULL; --> mismatch publication everything comment
ALTER SUBSCRIPTION feed SET PUBLICATION one, three WITH (refresh = false); --> warning subscription feed definition

-- === dumpSubscription: its parameters and comment (from 14)
ALTER SUBSCRIPTION feed SET (synchronous_commit = off); --> warning subscription feed definition
COMMENT ON SUBSCRIPTION feed IS NULL; --> warning subscription feed comment

-- === dumpPublicationTable, dumpPublicationNamespace (from 15)
ALTER PUBLICATION "some" SET TABLE app.users (id, state) WHERE (id > 5 AND (id < 10 AND id <> 7)); --> mismatch publication table "some".app.users definition
ALTER PUBLICATION whole DROP TABLES IN SCHEMA "Größe ""x"".y"; --> mismatch publication whole schemas

-- === dumpPublicationTable: another condition, none (from 15)
ALTER PUBLICATION "some" SET TABLE app.users (id, name) WHERE (id > 6 AND (id < 10 AND id <> 7)); --> mismatch publication table "some".app.users definition
ALTER PUBLICATION whole DROP TABLE app.orders; --> missing publication table whole.app.orders existence

-- === dumpSubscription: dropped
DROP SUBSCRIPTION feed; --> warning subscription feed existence

-- === dumpACL, dumpDefaultACL
REVOKE EXECUTE ON FUNCTION ext.akeys(ext.hstore) FROM schema_reader; --> mismatch function ext.akeys(ext.hstore) acl
REVOKE USAGE ON TYPE ext.hstore FROM schema_reader; --> mismatch type ext.hstore acl
GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) TO PUBLIC; --> mismatch function pg_catalog.pg_sleep(double precision) acl
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep_for(interval) FROM PUBLIC; --> mismatch function pg_catalog.pg_sleep_for(interval) acl
REVOKE SELECT ON pg_catalog.pg_authid FROM schema_reader; --> mismatch table pg_catalog.pg_authid acl
REVOKE SELECT (rolname) ON pg_catalog.pg_authid FROM "Löser 1"; --> mismatch column pg_catalog.pg_authid.rolname acl
REVOKE TRIGGER ON app.heap_two FROM schema_reader; --> mismatch table app.heap_two acl
ALTER DEFAULT PRIVILEGES FOR ROLE schema_owner IN SCHEMA app GRANT INSERT ON TABLES TO schema_reader; --> mismatch default privileges schema_owner IN SCHEMA app ON TABLES acl
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM schema_reader; --> missing default privileges postgres ON TYPES existence

-- === dumpLO
SELECT lo_unlink(4242); --> missing large object 4242 existence
SELECT lo_create(4444); --> extra large object 4444 existence
ALTER LARGE OBJECT 4243 OWNER TO postgres; --> mismatch large object 4243 owner
GRANT UPDATE ON LARGE OBJECT 4243 TO schema_reader; --> mismatch large object 4243 acl
COMMENT ON LARGE OBJECT 4243 IS 'c'; --> mismatch large object 4243 comment

-- === dumpLO: content
SELECT lo_put(4243, 20, 'x'); --> mismatch large object 4243 content

-- === dumpSecLabel
INSERT INTO pg_seclabel VALUES ('app.users'::regclass, 'pg_class'::regclass, 0, 'guard', 'red'); --> mismatch table app.users security label guard
INSERT INTO pg_seclabel VALUES ('app.users'::regclass, 'pg_class'::regclass, 1, 'guard', 'red'); --> mismatch column app.users.id security label guard
INSERT INTO pg_seclabel VALUES ('app.pass()'::regprocedure, 'pg_proc'::regclass, 0, 'guard', 'red'); --> mismatch function app.pass() security label guard
INSERT INTO pg_seclabel VALUES (4243, 'pg_largeobject'::regclass, 0, 'guard', 'red'); --> mismatch large object 4243 security label guard
INSERT INTO pg_shseclabel SELECT oid, 'pg_database'::regclass, 'guard', 'red' FROM pg_database WHERE datname = current_database(); --> info database source security labels

-- === dumpSecLabel: subscriptions (from 14)
INSERT INTO pg_shseclabel SELECT oid, 'pg_subscription'::regclass, 'guard', 'red' FROM pg_subscription; --> warning subscription feed security label guard

-- === append_depends_on_extension
ALTER FUNCTION app.numbered() NO DEPENDS ON EXTENSION hstore; --> mismatch function app.numbered() depends on extension
ALTER PROCEDURE app.clean(integer) NO DEPENDS ON EXTENSION tcn; --> mismatch procedure app.clean(integer) depends on extension
ALTER TRIGGER instead ON app.writable NO DEPENDS ON EXTENSION tcn; --> mismatch trigger app.writable.instead depends on extension
ALTER INDEX app.orders_data NO DEPENDS ON EXTENSION tcn; --> mismatch index app.orders_data depends on extension
ALTER INDEX app.heap_two_b_key NO DEPENDS ON EXTENSION tcn; --> mismatch index app.heap_two_b_key depends on extension
ALTER MATERIALIZED VIEW app.stored NO DEPENDS ON EXTENSION tcn; --> mismatch materialized view app.stored depends on extension

-- === tablespaces, which the test makes in place (from 15)
ALTER TABLE app.orders SET TABLESPACE elsewhere; --> mismatch table app.orders tablespace
ALTER INDEX app.orders_data SET TABLESPACE elsewhere; --> mismatch index app.orders_data tablespace
ALTER MATERIALIZED VIEW app.summary SET TABLESPACE elsewhere; --> mismatch materialized view app.summary tablespace
ALTER TABLE app.hashed SET TABLESPACE elsewhere; --> mismatch table app.hashed tablespace

-- === dumpDatabase
ALTER DATABASE source SET work_mem = '5MB'; --> warning database source settings
ALTER ROLE schema_reader IN DATABASE source SET work_mem = '6MB'; --> info database source role settings
COMMENT ON DATABASE source IS 'c'; --> info database source comment
ALTER DATABASE source CONNECTION LIMIT 7; --> info database source connection limit
ALTER DATABASE source OWNER TO schema_owner; --> info database source owner
GRANT CREATE ON DATABASE source TO schema_reader; --> info database source acl
UPDATE pg_database SET datistemplate = true WHERE datname = 'source'; --> info database source is template
UPDATE pg_database SET dattablespace = 1664 WHERE datname = 'source'; --> info database source tablespace

-- === dumpDatabase: rules of a locale (from 16)
UPDATE pg_database SET daticurules = '&a < g' WHERE datname = 'source'; --> warning database source icu rules
