-- Literals of types with code, in every place that an owner can put an expression. Run by the owner, `hostile`, but for
-- an operator class with a comparison of his own, which takes a superuser: every range that is read compares its bounds.
SET client_min_messages = error;
CREATE FUNCTION trap.compared(a integer, b integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM trap.write('comparison'); RETURN a - b; EXCEPTION WHEN undefined_function THEN RETURN a - b; END $$;
\c - postgres
SET client_min_messages = error;
CREATE OPERATOR CLASS trap.compares FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
  FUNCTION 1 trap.compared(integer, integer);
ALTER OPERATOR CLASS trap.compares USING btree OWNER TO hostile;
ALTER OPERATOR FAMILY trap.compares USING btree OWNER TO hostile;
\c - hostile
SET client_min_messages = error;
CREATE FUNCTION trap.checked(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.write('domain'); RETURN true; EXCEPTION WHEN undefined_function THEN RETURN true; END $$;
CREATE DOMAIN trap.word AS text CHECK (trap.checked(VALUE));
CREATE TYPE trap.pair AS (w trap.word, n integer);
CREATE DOMAIN trap.pairs AS trap.pair[];
CREATE TYPE trap.canon AS RANGE (subtype = integer, subtype_opclass = trap.compares);
CREATE TYPE trap.span AS RANGE (subtype = trap.word);
CREATE DOMAIN trap.many AS trap.word[] DEFAULT '{boom}' CHECK (VALUE <> '{boom,boom}'::trap.word[]);

CREATE TABLE trap.target (c trap.pair DEFAULT '(boom,1)', ws trap.word[] DEFAULT '{boom}', r trap.span DEFAULT '[a,b]', k trap.canon DEFAULT '[1,2]',
  v varchar(5) CHECK (v IN ('a', 'b')), g boolean GENERATED ALWAYS AS (ws = '{boom}'::trap.word[]) STORED, CONSTRAINT no_boom CHECK (ws <> '{boom,x}'::trap.word[] AND k <> '[7,9]'::trap.canon));
CREATE TABLE trap.source (id integer PRIMARY KEY, ws trap.word[]);
CREATE INDEX target_expression ON trap.target ((ws = '{boom}'::trap.word[]), (coalesce(ws, '{boom}'))) WHERE r <> '[boom,c]'::trap.span;
CREATE STATISTICS trap.statistics ON (ws = '{boom}'::trap.word[]), (coalesce(ws, '{boom}')) FROM trap.target;
CREATE FUNCTION trap.fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER fire BEFORE INSERT ON trap.target FOR EACH ROW WHEN (new.ws = '{boom}'::trap.word[] AND new.k = '[1,3]'::trap.canon) EXECUTE FUNCTION trap.fire();
CREATE POLICY hidden ON trap.target USING (ws <> '{boom}'::trap.word[]) WITH CHECK (ws <> '{x}'::trap.word[]);
CREATE RULE selects AS ON INSERT TO trap.source DO ALSO INSERT INTO trap.target (c) SELECT '(boom,1)';
CREATE RULE lists AS ON INSERT TO trap.source DO ALSO INSERT INTO trap.target (c, ws, r, k) VALUES ('(boom,1)', '{boom}', '[a,b]', '[1,2]'), ('(x,2)', '{x}', NULL, 'empty');
CREATE RULE updates AS ON UPDATE TO trap.source WHERE new.ws = '{boom}'::trap.word[] DO ALSO UPDATE trap.target SET c = '(boom,1)', ws = '{boom}' WHERE ws = '{z}';
CREATE RULE deletes AS ON DELETE TO trap.source DO ALSO DELETE FROM trap.target WHERE ws IN ('{boom}', '{x}') OR k = ANY (ARRAY['[1,2]'::trap.canon]);
CREATE TABLE trap.parts (k text, ws trap.word[]) PARTITION BY LIST (ws);
CREATE TABLE trap.parts_boom PARTITION OF trap.parts FOR VALUES IN ('{boom}', '{x}');
CREATE TABLE trap.keyed (k text, ws trap.word[]) PARTITION BY LIST ((coalesce(ws, '{boom}')));
CREATE TABLE trap.keyed_boom PARTITION OF trap.keyed DEFAULT;
CREATE VIEW trap.look AS
  SELECT s.id, '(boom,1)'::trap.pair AS p, CASE WHEN s.id > 1 THEN s.ws ELSE '{boom}' END AS c, coalesce(s.ws, '{boom}') AS o, ARRAY['(boom,1)'::trap.pair] AS a,
    '[1,5]'::trap.canon AS k, (ROW('a', 1)::trap.pair).w AS f, 'plain' AS plain, 'x'::varchar IN ('a', 'b') AS i, DATE '2026-01-02' AS d, INTERVAL '1 day' AS iv
  FROM trap.source AS s WHERE s.ws = '{boom}' OR s.ws IN (SELECT t.ws FROM trap.target AS t WHERE t.k <> '[3,4]')
  UNION ALL SELECT 2, '(x,2)', '{boom}', '{boom}', '{"(boom,2)"}', '[2,3]', 'w', 'plain', true, '2026-01-03', '2 days' ORDER BY 1 LIMIT 5;
CREATE MATERIALIZED VIEW trap.kept AS SELECT ws, '{boom}'::trap.word[] AS l FROM trap.source WITH NO DATA;
CREATE FUNCTION trap.body(a trap.word[] DEFAULT '{boom}', p trap.pair DEFAULT '(boom,1)', n integer DEFAULT 3) RETURNS trap.word[] LANGUAGE sql BEGIN ATOMIC
  INSERT INTO trap.target (c, ws) SELECT '(boom,1)', '{boom}' FROM trap.source WHERE ws = '{boom}';
  UPDATE trap.target SET ws = '{boom}', k = '[1,2]' WHERE ws = a;
  SELECT ws FROM trap.source WHERE ws <> '{boom}';
END;
CREATE FUNCTION trap.returned() RETURNS trap.pair LANGUAGE sql RETURN '(boom,1)'::trap.pair;
CREATE TABLE trap.apart (r trap.span, EXCLUDE USING gist (r WITH &&) WHERE (r <> '[boom,c]'::trap.span));
ALTER TABLE trap.target ALTER v SET DEFAULT 'a';
