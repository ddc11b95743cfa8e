-- dr_check_integrity(), levels amcheck and full: the structure of heaps and B-trees, through PostgreSQL's own amcheck.

CREATE FUNCTION dr._amcheck_heap(relation oid, thorough boolean, samples int, OUT n bigint, OUT text text)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_amcheck_heap';
COMMENT ON FUNCTION dr._amcheck_heap(oid, boolean, int) IS 'Internal: verify_heapam(), by the relation''s OID';

CREATE FUNCTION dr._amcheck_index(index oid, thorough boolean)
RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_amcheck_index';
COMMENT ON FUNCTION dr._amcheck_index(oid, boolean) IS 'Internal: bt_index_check(), by the index''s OID';

CREATE FUNCTION dr._integrity_amcheck(thorough boolean, samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  amcheck oid;
  has_heap_check boolean;
  rel record;
  damage record;
BEGIN
  SELECT e.oid INTO amcheck FROM pg_extension e WHERE e.extname = 'amcheck';
  IF amcheck IS NULL THEN
    RETURN QUERY SELECT 'warning'::text, 'database'::text, quote_ident(current_database()), 'structure'::text, 'checked'::text,
      'not checked'::text, 'the extension amcheck is not installed here: CREATE EXTENSION amcheck'::text;
    RETURN;
  END IF;
  -- verify_heapam came with PostgreSQL 14 and amcheck 1.3
  has_heap_check := EXISTS (
    SELECT FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = amcheck AND d.deptype = 'e'
      AND p.prosrc = 'verify_heapam');
  IF NOT has_heap_check THEN
    RETURN QUERY SELECT 'info'::text, 'database'::text, quote_ident(current_database()), 'structure'::text, 'heaps and indexes checked'::text,
      'heaps not checked'::text, 'this version of amcheck has no verify_heapam'::text;
  END IF;
  IF has_heap_check THEN
    FOR rel IN
      SELECT c.oid, c.oid::regclass::text AS name
      FROM pg_class c
        JOIN pg_am am ON am.oid = c.relam AND am.amname = 'heap'
      WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't'
        AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
        AND (c.relkind <> 't' OR thorough)
      ORDER BY c.relkind = 't', c.oid
    LOOP
      object_type := 'table'; object := rel.name; check_name := 'heap structure'; expected := 'sound';
      BEGIN
        SELECT * INTO damage FROM dr._amcheck_heap(rel.oid, thorough, samples);
        IF damage.n > 0 THEN
          status := 'error'; actual := CASE damage.n WHEN 1 THEN '1 corruption' ELSE format('%s corruptions', damage.n) END; detail := damage.text;
          RETURN NEXT;
        END IF;
      EXCEPTION WHEN OTHERS THEN
        -- What was dropped meanwhile needs no check.
        IF EXISTS (SELECT FROM pg_class c WHERE c.oid = rel.oid) THEN
          status := 'warning'; actual := 'not checked'; detail := SQLERRM;
          RETURN NEXT;
        END IF;
      END;
    END LOOP;
  END IF;
  FOR rel IN
    SELECT i.indexrelid AS oid, i.indexrelid::regclass::text AS name, i.indrelid::regclass AS tbl
    FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' AND c.relpersistence <> 't'
      JOIN pg_am am ON am.oid = c.relam AND am.amname = 'btree'
    WHERE i.indisvalid AND i.indisready
      AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
    ORDER BY i.indexrelid
  LOOP
    object_type := 'index'; object := rel.name; check_name := 'B-tree structure'; expected := 'sound';
    BEGIN
      PERFORM dr._amcheck_index(rel.oid, thorough);
    EXCEPTION
      WHEN index_corrupted OR data_corrupted OR object_not_in_prerequisite_state THEN
        status := 'error'; actual := SQLERRM;
        detail := format('REINDEX INDEX CONCURRENTLY %s, then check the rows of %s', rel.name, rel.tbl);
        RETURN NEXT;
      WHEN OTHERS THEN
        IF EXISTS (SELECT FROM pg_class c WHERE c.oid = rel.oid) THEN
          status := 'warning'; actual := 'not checked'; detail := SQLERRM;
          RETURN NEXT;
        END IF;
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
    SELECT f.status, f.object_type, dr._utf8(f.object), f.check_name, dr._utf8(f.expected), dr._utf8(f.actual), dr._utf8(f.detail) FROM (
      SELECT * FROM dr._integrity_catalog()
      UNION ALL SELECT * FROM dr._integrity_undumped()
      UNION ALL SELECT * FROM dr._integrity_libraries()
      UNION ALL SELECT * FROM dr._integrity_sequences(depth > 1)) f
    ORDER BY array_position(ARRAY['error', 'warning', 'info'], f.status), f.object_type, f.object;
  IF depth >= 2 THEN
    RETURN QUERY
      SELECT f.status, f.object_type, dr._utf8(f.object), f.check_name, dr._utf8(f.expected), dr._utf8(f.actual), dr._utf8(f.detail) FROM (
        SELECT * FROM dr._integrity_constraints(samples)
        UNION ALL SELECT * FROM dr._integrity_not_null(samples)
        UNION ALL SELECT * FROM dr._integrity_domains(samples)
        UNION ALL SELECT * FROM dr._integrity_partitions(samples)
        UNION ALL SELECT * FROM dr._integrity_duplicates(samples)) AS f;
  END IF;
  IF depth >= 3 THEN
    RETURN QUERY
      SELECT f.status, f.object_type, dr._utf8(f.object), f.check_name, dr._utf8(f.expected), dr._utf8(f.actual), dr._utf8(f.detail)
      FROM dr._integrity_amcheck(depth >= 4, samples) AS f;
  END IF;
END
$$;
COMMENT ON FUNCTION dr.check_integrity(text, int) IS
  'what is wrong with this database before it is dumped: levels quick, data, amcheck, full';
