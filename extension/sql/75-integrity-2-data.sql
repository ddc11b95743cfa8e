-- dr_check_integrity(), level data: rules that the rows themselves break. They hold by construction until an index is
-- damaged, a trigger was disabled, a collation changed or session_replication_role was set; then nothing says so
-- until the restore fails.

-- The key of a row for messages: primary key columns if there are any, else ctid.
CREATE FUNCTION dr._integrity_key_expression(relation oid, alias text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(
    (SELECT format('concat(''('', concat_ws('', '', %s), '')'')',
        string_agg(format('%L || coalesce(%s.%I::text, ''NULL'')', a.attname || ' = ', alias, a.attname), ', ' ORDER BY k.position))
     FROM pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = relation AND i.indisprimary AND k.position <= i.indnkeyatts),
    format('concat(''ctid '', %s.ctid)', alias))
$$;
COMMENT ON FUNCTION dr._integrity_key_expression(oid, text) IS 'SQL expression that shows the key of a row of the relation';

-- Runs a query that gives the keys of offending rows as "key"; returns how many there are and the first few.
CREATE FUNCTION dr._integrity_offenders(query text, samples int, OUT offenders bigint, OUT sample text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('SELECT max(n), string_agg(key, '', '') FROM (
    SELECT key, count(*) OVER () AS n FROM (%s) offender LIMIT %s) first_few', query, samples)
  INTO offenders, sample;
  offenders := coalesce(offenders, 0);
END
$$;
COMMENT ON FUNCTION dr._integrity_offenders(text, int) IS 'how many rows a query of offenders gives, and the first few keys';

-- The query that finds the rows which break a constraint, as RI_Initial_Check and ATRewriteTable would look for them.
-- NULL where the kind of constraint has no such query.
CREATE FUNCTION dr._integrity_constraint_query(constraint_oid oid)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  k pg_constraint;
  only_word text;
  joined text;
  some_null text;
  referenced_only text;
  first_key text;
BEGIN
  SELECT * INTO STRICT k FROM pg_constraint WHERE oid = constraint_oid;
  -- rows of a partitioned table are all in its leaves; a plain table's children carry constraints of their own
  SELECT CASE relkind WHEN 'p' THEN '' ELSE 'ONLY' END INTO STRICT only_word FROM pg_class WHERE oid = k.conrelid;
  IF k.contype = 'c' THEN
    RETURN format('SELECT %s AS key FROM %s %s t WHERE (%s) IS FALSE', dr._integrity_key_expression(k.conrelid, 't'),
      only_word, k.conrelid::regclass, pg_get_expr(k.conbin, k.conrelid));
  ELSIF k.contype = 'f' THEN
    SELECT CASE relkind WHEN 'p' THEN '' ELSE 'ONLY' END INTO STRICT referenced_only FROM pg_class WHERE oid = k.confrelid;
    SELECT string_agg(format('r.%I OPERATOR(%I.%s) t.%I', ra.attname, n.nspname, o.oprname, ta.attname), ' AND ' ORDER BY x.i),
      string_agg(format('t.%I IS NOT NULL', ta.attname), CASE k.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END ORDER BY x.i),
      (array_agg(ra.attname::text ORDER BY x.i))[1]
    INTO joined, some_null, first_key
    FROM generate_subscripts(k.conkey, 1) AS x (i)
      JOIN pg_attribute ta ON ta.attrelid = k.conrelid AND ta.attnum = k.conkey[x.i]
      JOIN pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = k.confkey[x.i]
      JOIN pg_operator o ON o.oid = k.conpfeqop[x.i]
      JOIN pg_namespace n ON n.oid = o.oprnamespace;
    RETURN format('SELECT %s AS key FROM %s %s t LEFT JOIN %s %s r ON %s WHERE r.%I IS NULL AND (%s)',
      dr._integrity_key_expression(k.conrelid, 't'), only_word, k.conrelid::regclass, referenced_only, k.confrelid::regclass,
      joined, first_key, some_null);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION dr._integrity_constraint_query(oid) IS 'query for the rows that break a foreign key or check constraint';

CREATE FUNCTION dr._integrity_constraints(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  k record;
  found_rows record;
BEGIN
  FOR k IN
    SELECT c.oid, c.conname, c.conrelid::regclass AS tbl, c.contype,
      -- a temporal foreign key (PostgreSQL 18, commit 89f908a6d0) is no equality join
      coalesce((to_jsonb(c) ->> 'conperiod')::boolean, false) AS temporal,
      coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true) AS enforced
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE c.contype IN ('c', 'f') AND c.conparentid = 0 AND r.relpersistence <> 't'
      AND (c.contype = 'f' OR r.relkind <> 'p') AND r.relkind <> 'f'
    ORDER BY c.conrelid::regclass::text, c.conname
  LOOP
    CONTINUE WHEN k.temporal OR NOT k.enforced;
    SELECT * INTO found_rows FROM dr._integrity_offenders(dr._integrity_constraint_query(k.oid), samples);
    IF found_rows.offenders > 0 THEN
      status := 'error'; object_type := 'constraint'; object := format('%I on %s', k.conname, k.tbl);
      check_name := CASE k.contype WHEN 'f' THEN 'foreign key holds' ELSE 'check holds' END;
      expected := 'no row breaks it'; actual := CASE found_rows.offenders WHEN 1 THEN '1 row breaks it' ELSE format('%s rows break it', found_rows.offenders) END;
      detail := format('a restore fails when it adds the constraint; rows: %s', found_rows.sample);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_constraints(int) IS 'integrity findings about violated foreign keys and checks';

CREATE FUNCTION dr._integrity_not_null(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
  found_rows record;
BEGIN
  FOR t IN
    -- NULL from the catalog's point of view is impossible here, so the planner would fold "IS NULL" to false: the
    -- expression hides behind num_nulls(), which it does not look into
    SELECT c.oid, c.oid::regclass AS tbl, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
      AND c.relnamespace <> 'pg_catalog'::regnamespace AND c.relnamespace <> 'information_schema'::regnamespace
    GROUP BY c.oid
    ORDER BY 2
  LOOP
    SELECT * INTO found_rows FROM dr._integrity_offenders(
      format('SELECT concat(''ctid '', t.ctid) AS key FROM ONLY %s t WHERE num_nulls(%s) > 0', t.tbl, t.columns), samples);
    IF found_rows.offenders > 0 THEN
      status := 'error'; object_type := 'table'; object := t.tbl::text; check_name := 'not-null holds';
      expected := 'no row breaks it'; actual := CASE found_rows.offenders WHEN 1 THEN '1 row breaks it' ELSE format('%s rows break it', found_rows.offenders) END;
      detail := format('NULL in one of %s; rows: %s', t.columns, found_rows.sample);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_not_null(int) IS 'integrity findings about NULL in not-null columns';

CREATE FUNCTION dr._integrity_duplicates(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
-- the heap is to be asked, not the index that may be the damaged one
SET enable_indexscan = off
SET enable_indexonlyscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
  i record;
  found_rows record;
  query text;
BEGIN
  FOR i IN
    SELECT x.indexrelid::regclass AS idx, x.indrelid::regclass AS tbl,
      (SELECT string_agg(format('(%s)%s', pg_get_indexdef(x.indexrelid, k, false),
          CASE WHEN x.indcollation[k - 1] <> 0 THEN ' COLLATE ' || x.indcollation[k - 1]::regcollation ELSE '' END), ', ' ORDER BY k)
        FROM generate_series(1, x.indnkeyatts) AS k) AS keys,
      pg_get_expr(x.indpred, x.indrelid) AS predicate,
      coalesce((to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_equal
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE x.indisunique AND x.indisvalid AND NOT x.indisexclusion AND c.relkind = 'i' AND t.relpersistence <> 't'
      AND t.relkind IN ('r', 'm')
      AND t.relnamespace <> 'pg_catalog'::regnamespace AND t.relnamespace <> 'information_schema'::regnamespace
      AND t.relnamespace <> 'pg_toast'::regnamespace
    ORDER BY x.indexrelid::regclass::text
  LOOP
    query := format('SELECT concat(''('', concat_ws('', '', %s), '') '', count(*), '' times'') AS key FROM ONLY %s WHERE %s%s GROUP BY %s HAVING count(*) > 1',
      i.keys, i.tbl, coalesce('(' || i.predicate || ')', 'true'),
      CASE WHEN i.nulls_equal THEN '' ELSE format(' AND num_nulls(%s) = 0', i.keys) END, i.keys);
    SELECT * INTO found_rows FROM dr._integrity_offenders(query, samples);
    IF found_rows.offenders > 0 THEN
      status := 'error'; object_type := 'index'; object := i.idx::text; check_name := 'unique holds';
      expected := 'no key twice'; actual := CASE found_rows.offenders WHEN 1 THEN '1 key more than once' ELSE format('%s keys more than once', found_rows.offenders) END;
      detail := format('a restore fails when it creates the index on %s; keys: %s', i.tbl, found_rows.sample);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_duplicates(int) IS 'integrity findings about duplicate keys under unique indexes';
