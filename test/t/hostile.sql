-- A database whose owner lays traps: every place in which PostgreSQL lets an owner put code, with a note in the server's log that says as
-- whom it ran. Run by the owner, `hostile`, but for the last part. :gained is a file that only a superuser's COPY can make.
SET client_min_messages = error;
CREATE SCHEMA trap;
SELECT format('CREATE FUNCTION trap.gained() RETURNS text LANGUAGE sql AS %L', format('SELECT %L', :'gained')) \gexec
CREATE FUNCTION trap.note(what text) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE LOG 'TRAPPED % as %', what, current_user;
  -- As whoever the session belongs to, if that can be had.
  BEGIN EXECUTE 'RESET ROLE'; EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN EXECUTE 'SET ROLE postgres'; EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN EXECUTE 'RESET SESSION AUTHORIZATION'; EXCEPTION WHEN OTHERS THEN NULL; END;
  IF current_setting('is_superuser') = 'on' THEN
    BEGIN
      EXECUTE format('COPY (SELECT %L) TO %L', what, trap.gained());
    EXCEPTION WHEN OTHERS THEN RAISE LOG 'TRAPPED % failed: %', what, SQLERRM;
    END;
  END IF;
  RETURN 1;
END $$;
GRANT USAGE ON SCHEMA trap TO PUBLIC;

-- In the way of the catalog's: operators, functions, relations, in a schema that comes first.
CREATE FUNCTION public.spring(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM trap.note($1); RETURN true; END $$;
SELECT format('CREATE FUNCTION public.op_%5$s(%1$s, %2$s) RETURNS boolean LANGUAGE plpgsql AS %3$L; CREATE OPERATOR public.%4$s (FUNCTION = public.op_%5$s, LEFTARG = %1$s, RIGHTARG = %2$s)',
              l, r, format('BEGIN PERFORM trap.note(''operator %s(%s,%s)''); RETURN true; END', o, l, r), o, left(md5(o || l || r), 8))
FROM (VALUES ('=', 'oid', 'regclass'), ('=', 'name', 'text'), ('=', '"char"', 'text'), ('<>', 'name', 'name'), ('<>', 'oid', 'regclass'),
             ('=', 'regproc', 'regproc'), ('>=', 'oid', 'integer'), ('||', 'name', 'text'), ('<', 'smallint', 'bigint')) AS v (o, l, r)
WHERE NOT EXISTS (SELECT FROM pg_operator AS p WHERE p.oprname = o AND p.oprleft = l::regtype AND p.oprright = r::regtype) \gexec
CREATE FUNCTION public.op2(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.note('operator = on oid'); RETURN true; END $$;
CREATE OPERATOR public.= (FUNCTION = public.op2, LEFTARG = oid, RIGHTARG = oid);
CREATE FUNCTION public.op3(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.note('operator ||'); RETURN ''; END $$;
CREATE OPERATOR public.|| (FUNCTION = public.op3, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.note('quote_ident'); RETURN ''; END $$;
CREATE FUNCTION public.quote_ident(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.note('quote_ident'); RETURN ''; END $$;
CREATE FUNCTION public.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.note('format'); RETURN ''; END $$;
CREATE FUNCTION public.pg_get_expr(pg_node_tree, oid) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.note('pg_get_expr'); RETURN ''; END $$;
CREATE FUNCTION public.current_database() RETURNS name LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.note('current_database'); RETURN 'x'; END $$;
CREATE VIEW public.pg_class AS SELECT c.*, trap.note('pg_class') FROM pg_catalog.pg_class AS c;
CREATE VIEW public.pg_namespace AS SELECT n.*, trap.note('pg_namespace') FROM pg_catalog.pg_namespace AS n;
CREATE VIEW public.pg_extension AS SELECT e.*, trap.note('pg_extension') FROM pg_catalog.pg_extension AS e;
CREATE VIEW public.pg_database AS SELECT d.*, trap.note('pg_database') FROM pg_catalog.pg_database AS d;

-- Types: casts, domains, ranges.
CREATE TYPE trap.colour AS ENUM ('red', 'green');
CREATE FUNCTION trap.colour_text(trap.colour) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM trap.note('cast'); RETURN 'a colour'; END $$;
CREATE CAST (trap.colour AS text) WITH FUNCTION trap.colour_text(trap.colour) AS ASSIGNMENT;
CREATE FUNCTION trap.checked(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM trap.note('domain'); RETURN true; END $$;
CREATE DOMAIN trap.word AS text CHECK (trap.checked(VALUE));
CREATE TYPE trap.word_row AS (w trap.word, n integer);
CREATE DOMAIN trap.words AS trap.word[];
CREATE FUNCTION trap.text_diff(text, text) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM trap.note('range difference'); RETURN 1; END $$;
CREATE TYPE trap.text_range AS RANGE (subtype = text, subtype_diff = trap.text_diff);
CREATE FUNCTION trap.word_diff(trap.word, trap.word) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM trap.note('range difference'); RETURN 1; END $$;
CREATE TYPE trap.word_range AS RANGE (subtype = trap.word, subtype_diff = trap.word_diff);

-- A table with code wherever a table may have it.
CREATE TABLE trap.main (
  id trap.colour PRIMARY KEY, n integer DEFAULT trap.note('default'), v text, w trap.word, ws trap.word[] DEFAULT '{a,b}', wr trap.word_row DEFAULT '(a,1)',
  wl trap.words DEFAULT '{c}', r trap.text_range, wrange trap.word_range DEFAULT '[a,b)', g boolean GENERATED ALWAYS AS (public.spring('generated')) STORED,
  CONSTRAINT checked CHECK (public.spring('check') OR v = 'x'));
INSERT INTO trap.main (id, v, w, r) VALUES ('red', 'a', 'b', '[a,b]'), ('green', 'c', 'd', 'empty');
CREATE FUNCTION trap.indexed(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM trap.note('index expression'); RETURN $1; END $$;
CREATE UNIQUE INDEX main_expression ON trap.main (trap.indexed(v), (trap.indexed('constant'))) WHERE public.spring('index predicate');
CREATE INDEX main_range ON trap.main USING gist (r);
CREATE STATISTICS trap.main_statistics ON (trap.indexed(v)), n FROM trap.main;
ANALYZE trap.main;
CREATE FUNCTION trap.fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.note('trigger'); RETURN NEW; END $$;
CREATE TRIGGER fire BEFORE INSERT OR UPDATE ON trap.main FOR EACH ROW WHEN (public.spring('trigger condition') AND new.ws <> '{z}'::trap.word[]) EXECUTE FUNCTION trap.fire();
CREATE RULE also AS ON DELETE TO trap.main WHERE old.ws = '{q}'::trap.word[] DO ALSO SELECT trap.note('rule');
CREATE POLICY hidden ON trap.main USING (trap.note('policy') = 1 AND ws <> '{p}'::trap.word[]);
ALTER TABLE trap.main ENABLE ROW LEVEL SECURITY;
CREATE TABLE trap.child (id serial PRIMARY KEY, main trap.colour REFERENCES trap.main, big bigint DEFAULT trap.note('default'));
INSERT INTO trap.child (main) VALUES ('red');
CREATE INDEX child_constant ON trap.child ((trap.indexed('constant')));
CREATE TABLE trap.parted (k text) PARTITION BY LIST (trap.indexed(k || 'x'));
CREATE TABLE trap.parted_a PARTITION OF trap.parted FOR VALUES IN ('ax');
INSERT INTO trap.parted VALUES ('a');
CREATE VIEW trap.look WITH (security_barrier) AS SELECT m.*, trap.note('view') AS noted, '{x}'::trap.word[] AS literal, '(y,1)'::trap.word_row AS row_literal,
  '[a,b)'::trap.word_range AS range_literal, ARRAY['(z,2)'::trap.word_row] AS nested FROM trap.main AS m WHERE public.spring('view condition');
CREATE MATERIALIZED VIEW trap.seen AS SELECT v, trap.indexed(v) AS i FROM trap.main;
CREATE FUNCTION trap.body(w trap.word[] DEFAULT '{a}') RETURNS trap.word[] LANGUAGE sql BEGIN ATOMIC SELECT '{b}'::trap.word[]; END;
CREATE FUNCTION trap.argument(n integer DEFAULT trap.note('argument default')) RETURNS integer LANGUAGE sql RETURN n;
CREATE AGGREGATE trap.sum(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
COMMENT ON TABLE trap.main IS 'bait';
SELECT lo_from_bytea(0, 'bait') \g /dev/null
SELECT format('ALTER DATABASE %I SET %s', current_database(), s)
FROM unnest(ARRAY['search_path = trap, public, pg_catalog', 'row_security = on', 'statement_timeout = 0', 'DateStyle = German', 'check_function_bodies = on', 'jit_above_cost = 0',
                  'default_transaction_isolation = serializable', 'transform_null_equals = on', 'quote_all_identifiers = on']) AS s \gexec
