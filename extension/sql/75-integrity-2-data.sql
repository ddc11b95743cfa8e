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

-- What is asked of the rows: a query that gives the keys of offending rows as "key", and the tables that it reads, first the one as whose
-- owner it runs. `what` is constraint, not null, unique or sequence; `object` its OID (of the table, for not null).
CREATE FUNCTION dr._integrity_query(what text, object oid, OUT tables oid[], OUT query text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  CASE what
    WHEN 'constraint' THEN
      SELECT array_remove(ARRAY[k.conrelid, k.confrelid], 0::oid), dr._integrity_constraint_query(k.oid)
      INTO tables, query FROM pg_constraint AS k WHERE k.oid = object;
    WHEN 'not null' THEN
      -- NULL from the catalog's point of view is impossible here, so the planner would fold "IS NULL" to false: the
      -- expression hides behind num_nulls(), which it does not look into
      SELECT ARRAY[object], format('SELECT concat(''ctid '', t.ctid) AS key FROM ONLY %s t WHERE num_nulls(%s) > 0', object::regclass,
                                   string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum))
      INTO tables, query FROM pg_attribute AS a
      WHERE a.attrelid = object AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull;
    WHEN 'unique' THEN
      SELECT ARRAY[i.indrelid], format(
        'SELECT concat(''('', concat_ws('', '', %s), '') '', count(*), '' times'') AS key FROM ONLY %s WHERE %s%s GROUP BY %s HAVING count(*) > 1',
        i.keys, i.indrelid::regclass, coalesce('(' || i.predicate || ')', 'true'),
        CASE WHEN i.nulls_equal THEN '' ELSE format(' AND num_nulls(%s) = 0', i.keys) END, i.keys)
      INTO tables, query
      FROM (
        SELECT x.indrelid, pg_get_expr(x.indpred, x.indrelid) AS predicate,
          coalesce((to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_equal,
          (SELECT string_agg(format('(%s)%s', pg_get_indexdef(x.indexrelid, k, false),
              CASE WHEN x.indcollation[k - 1] <> 0 THEN ' COLLATE ' || x.indcollation[k - 1]::regcollation ELSE '' END), ', ' ORDER BY k)
            FROM generate_series(1, x.indnkeyatts) AS k) AS keys
        FROM pg_index AS x WHERE x.indexrelid = object) AS i;
    WHEN 'sequence' THEN
      -- the largest value of the column that it feeds, in the sequence's direction
      SELECT ARRAY[d.refobjid], format('SELECT %s(%I)::text AS key FROM %s', CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END,
                                       a.attname, d.refobjid::regclass)
      INTO tables, query
      FROM pg_depend AS d JOIN pg_sequence AS q ON q.seqrelid = d.objid
        JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = object AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i');
  END CASE;
END
$$;
COMMENT ON FUNCTION dr._integrity_query(text, oid) IS 'query for the rows that break a rule, and the tables that it reads';

-- Runs it as the table's owner in a security-restricted operation: conditions, index expressions and casts are the owner's code.
-- `problem`: why it could not be asked.
CREATE FUNCTION dr._integrity_offenders(what text, object oid, samples int, OUT offenders bigint, OUT sample text, OUT problem text)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_integrity_offenders';
COMMENT ON FUNCTION dr._integrity_offenders(text, oid, int) IS 'how many rows break a rule, the first few keys, or why nobody knows';

-- The same where an error of the owner's code, or a missing right, is a problem and not the end of the check.
CREATE FUNCTION dr._integrity_ask(what text, object oid, samples int, OUT offenders bigint, OUT sample text, OUT problem text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT o.offenders, o.sample, o.problem INTO offenders, sample, problem FROM dr._integrity_offenders(what, object, samples) AS o;
EXCEPTION WHEN OTHERS THEN
  offenders := 0;
  problem := SQLERRM;
END
$$;
COMMENT ON FUNCTION dr._integrity_ask(text, oid, int) IS 'dr._integrity_offenders(), with an error as a problem';

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
    SELECT * INTO found_rows FROM dr._integrity_ask('constraint', k.oid, samples);
    object_type := 'constraint'; object := format('%I on %s', k.conname, k.tbl); expected := 'no row breaks it';
    check_name := CASE k.contype WHEN 'f' THEN 'foreign key holds' ELSE 'check holds' END;
    IF found_rows.problem IS NOT NULL THEN
      status := 'warning'; actual := 'not checked'; detail := found_rows.problem;
      RETURN NEXT;
    ELSIF found_rows.offenders > 0 THEN
      status := 'error'; actual := CASE found_rows.offenders WHEN 1 THEN '1 row breaks it' ELSE format('%s rows break it', found_rows.offenders) END;
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
    SELECT c.oid, c.oid::regclass AS tbl, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
      AND c.relnamespace <> 'pg_catalog'::regnamespace AND c.relnamespace <> 'information_schema'::regnamespace
    GROUP BY c.oid
    ORDER BY 2
  LOOP
    SELECT * INTO found_rows FROM dr._integrity_ask('not null', t.oid, samples);
    object_type := 'table'; object := t.tbl::text; check_name := 'not-null holds'; expected := 'no row breaks it';
    IF found_rows.problem IS NOT NULL THEN
      status := 'warning'; actual := 'not checked'; detail := found_rows.problem;
      RETURN NEXT;
    ELSIF found_rows.offenders > 0 THEN
      status := 'error'; actual := CASE found_rows.offenders WHEN 1 THEN '1 row breaks it' ELSE format('%s rows break it', found_rows.offenders) END;
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
BEGIN
  FOR i IN
    SELECT x.indexrelid, x.indexrelid::regclass AS idx, x.indrelid::regclass AS tbl
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE x.indisunique AND x.indisvalid AND NOT x.indisexclusion AND c.relkind = 'i' AND t.relpersistence <> 't'
      AND t.relkind IN ('r', 'm')
      AND t.relnamespace <> 'pg_catalog'::regnamespace AND t.relnamespace <> 'information_schema'::regnamespace
      AND t.relnamespace <> 'pg_toast'::regnamespace
    ORDER BY x.indexrelid::regclass::text
  LOOP
    SELECT * INTO found_rows FROM dr._integrity_ask('unique', i.indexrelid, samples);
    object_type := 'index'; object := i.idx::text; check_name := 'unique holds'; expected := 'no key twice';
    IF found_rows.problem IS NOT NULL THEN
      status := 'warning'; actual := 'not checked'; detail := found_rows.problem;
      RETURN NEXT;
    ELSIF found_rows.offenders > 0 THEN
      status := 'error'; actual := CASE found_rows.offenders WHEN 1 THEN '1 key more than once' ELSE format('%s keys more than once', found_rows.offenders) END;
      detail := format('a restore fails when it creates the index on %s; keys: %s', i.tbl, found_rows.sample);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_duplicates(int) IS 'integrity findings about duplicate keys under unique indexes';
