-- dr_check_integrity(), levels amcheck and full: the structure of heaps and B-trees, through PostgreSQL's own amcheck.

CREATE FUNCTION dr._integrity_amcheck(thorough boolean, samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  home text;
  has_heap_check boolean;
  rel record;
  damage record;
BEGIN
  SELECT quote_ident(n.nspname) INTO home
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck';
  IF home IS NULL THEN
    RETURN QUERY SELECT 'warning'::text, 'database'::text, quote_ident(current_database()), 'structure'::text, 'checked'::text,
      'not checked'::text, 'the extension amcheck is not installed here: CREATE EXTENSION amcheck'::text;
    RETURN;
  END IF;
  -- verify_heapam came with PostgreSQL 14 and amcheck 1.3
  has_heap_check := to_regproc(home || '.verify_heapam') IS NOT NULL;
  IF NOT has_heap_check THEN
    RETURN QUERY SELECT 'info'::text, 'database'::text, quote_ident(current_database()), 'structure'::text, 'heaps and indexes checked'::text,
      'indexes only'::text, 'this version of amcheck has no verify_heapam'::text;
  END IF;
  IF has_heap_check THEN
    FOR rel IN
      SELECT c.oid::regclass AS name
      FROM pg_class c
        JOIN pg_am am ON am.oid = c.relam AND am.amname = 'heap'
      WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't'
        AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
        AND (c.relkind <> 't' OR thorough)
      ORDER BY c.relkind = 't', c.oid
    LOOP
      EXECUTE format('SELECT count(*) AS n, min(blkno) AS block,
          string_agg(format(''block %%s%%s: %%s'', blkno, '' item '' || offnum, msg), ''; '') FILTER (WHERE r <= %s) AS text
        FROM (SELECT *, row_number() OVER () AS r FROM %s.verify_heapam(%L::pg_catalog.regclass, false, %L::boolean, ''none''::text, NULL::bigint, NULL::bigint)) v',
        samples, home, rel.name, thorough)
      INTO damage;
      IF damage.n > 0 THEN
        status := 'error'; object_type := 'table'; object := rel.name::text; check_name := 'heap structure';
        expected := 'sound'; actual := CASE damage.n WHEN 1 THEN '1 corruption' ELSE format('%s corruptions', damage.n) END; detail := damage.text;
        RETURN NEXT;
      END IF;
    END LOOP;
  END IF;
  FOR rel IN
    SELECT i.indexrelid::regclass AS name, i.indrelid::regclass AS tbl
    FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' AND c.relpersistence <> 't'
      JOIN pg_am am ON am.oid = c.relam AND am.amname = 'btree'
    WHERE i.indisvalid AND i.indisready
      AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
    ORDER BY i.indexrelid
  LOOP
    BEGIN
      -- Every argument with its type: nobody can put a function of the same signature beside it.
      EXECUTE format('SELECT %s.bt_index_check(%L::pg_catalog.regclass, %L::boolean)', home, rel.name, thorough);
    EXCEPTION
      WHEN index_corrupted OR data_corrupted OR undefined_function OR object_not_in_prerequisite_state THEN
        status := 'error'; object_type := 'index'; object := rel.name::text; check_name := 'B-tree structure';
        expected := 'sound'; actual := SQLERRM;
        detail := format('REINDEX INDEX CONCURRENTLY %s, then check the rows of %s', rel.name, rel.tbl);
        RETURN NEXT;
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_amcheck(boolean, int) IS 'integrity findings of amcheck';

CREATE FUNCTION dr.check_integrity(level text DEFAULT 'quick', samples int DEFAULT 5)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
-- a policy would hide the very rows that are asked for: fail instead
SET row_security = off
AS $$
DECLARE
  depth int := array_position(ARRAY['quick', 'data', 'amcheck', 'full'], level);
BEGIN
  IF depth IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('unknown level of integrity check: %s', coalesce(quote_literal(level), 'NULL')),
      HINT = 'Valid levels are quick, data, amcheck and full.';
  END IF;
  IF samples IS NULL OR samples NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'samples must be between 1 and 1000';
  END IF;
  RETURN QUERY
    SELECT f.* FROM (
      SELECT * FROM dr._integrity_catalog()
      UNION ALL SELECT * FROM dr._integrity_libraries()
      UNION ALL SELECT * FROM dr._integrity_sequences(depth > 1)) f
    ORDER BY array_position(ARRAY['error', 'warning', 'info'], f.status), f.object_type, f.object;
  IF depth >= 2 THEN
    RETURN QUERY SELECT * FROM dr._integrity_constraints(samples);
    RETURN QUERY SELECT * FROM dr._integrity_not_null(samples);
    RETURN QUERY SELECT * FROM dr._integrity_duplicates(samples);
  END IF;
  IF depth >= 3 THEN
    RETURN QUERY SELECT * FROM dr._integrity_amcheck(depth >= 4, samples);
  END IF;
END
$$;
COMMENT ON FUNCTION dr.check_integrity(text, int) IS
  'what is wrong with this database before it is dumped: levels quick, data, amcheck, full';
