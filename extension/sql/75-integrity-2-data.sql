-- dr_check_integrity(), level data: rules that the rows themselves break. They hold by construction until an index is
-- damaged, a trigger was disabled, a collation changed or session_replication_role was set; then nothing says so
-- until the restore fails. A rule that could not be checked is a finding, too: actual = 'not checked'.

-- The rows that break a rule. `what` is constraint, not null, domain, partition, unique or sequence; `object` the OID of the constraint,
-- the table, the index or the sequence. It runs as the table's owner in the foreign place (doc/security.md): conditions, index expressions
-- and casts are the owner's code. `problem`: why it could not be asked.
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

-- The finding about one rule, if there is one. consequence: what offenders lead to; many: 'rows break it'.
CREATE FUNCTION dr._integrity_finding(what text, oid oid, samples int, object_type text, object text, check_name text, expected text,
                                      one text, many text, consequence text)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN a.problem IS NULL THEN 'error' ELSE 'warning' END, $4, $5, $6, $7,
    CASE WHEN a.problem IS NOT NULL THEN 'not checked' WHEN a.offenders = 1 THEN '1 ' || $8 ELSE format('%s %s', a.offenders, $9) END,
    CASE WHEN a.problem IS NOT NULL THEN a.problem ELSE format('%s: %s', $10, a.sample) END
  FROM dr._integrity_ask($1, $2, $3) AS a
  WHERE a.problem IS NOT NULL OR a.offenders > 0
$$;
COMMENT ON FUNCTION dr._integrity_finding(text, oid, int, text, text, text, text, text, text, text) IS
  'the integrity finding about one rule, or none';

CREATE FUNCTION dr._integrity_constraints(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  k record;
BEGIN
  FOR k IN
    SELECT c.oid, format('%I on %s', c.conname, c.conrelid::regclass) AS name, c.convalidated,
      CASE c.contype WHEN 'f' THEN 'foreign key holds' WHEN 'c' THEN 'check holds' ELSE 'exclusion holds' END AS rule,
      CASE
        WHEN NOT coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true) THEN 'it is declared NOT ENFORCED'
        WHEN r.relkind = 'f' THEN 'the rows of a foreign table are not read'
        -- a temporal foreign key (PostgreSQL 18, commit 89f908a6d0) is no equality join
        WHEN c.contype = 'f' AND (to_jsonb(c) ->> 'conperiod')::boolean THEN 'it compares periods, which this check cannot do'
      END AS why_not
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE r.relpersistence <> 't'
      -- A foreign key of a partitioned table is asked there, all others where the rows are.
      AND ((c.contype = 'f' AND c.conparentid = 0) OR (c.contype = 'c' AND r.relkind <> 'p')
           OR (c.contype IN ('x', 'p', 'u') AND c.conexclop IS NOT NULL AND r.relkind <> 'p'))
    ORDER BY c.conrelid::regclass::text, c.conname
  LOOP
    IF k.why_not IS NOT NULL THEN
      RETURN QUERY SELECT 'info', 'constraint', k.name, k.rule, 'no row breaks it', 'not checked', k.why_not;
    ELSIF k.convalidated THEN
      RETURN QUERY SELECT * FROM dr._integrity_finding('constraint', k.oid, samples, 'constraint', k.name, k.rule, 'no row breaks it',
        'row breaks it', 'rows break it', 'a restore fails when it adds the constraint; rows');
    ELSE
      -- A dump adds it as it is, without looking at the rows.
      RETURN QUERY SELECT 'warning', f.object_type, f.object, f.check_name, f.expected, f.actual, f.detail
        FROM dr._integrity_finding('constraint', k.oid, samples, 'constraint', k.name, k.rule, 'no row breaks it',
          'row breaks it', 'rows break it', 'it is NOT VALID, and so it is after a restore; rows') AS f;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_constraints(int) IS 'integrity findings about violated foreign keys, checks and exclusion constraints';

CREATE FUNCTION dr._integrity_not_null(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
BEGIN
  FOR t IN
    SELECT c.oid, c.oid::regclass::text AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
      AND c.relnamespace <> 'pg_catalog'::regnamespace AND c.relnamespace <> 'information_schema'::regnamespace
    GROUP BY c.oid
    ORDER BY c.oid::regclass
  LOOP
    RETURN QUERY SELECT * FROM dr._integrity_finding('not null', t.oid, samples, 'table', t.name, 'not-null holds', 'no row breaks it',
      'row breaks it', 'rows break it', format('NULL in one of %s; rows', t.columns));
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_not_null(int) IS 'integrity findings about NULL in not-null columns';

-- The domains that have rules, and with `nested` the other types that hold one somewhere inside.
CREATE FUNCTION dr._integrity_ruled_types(nested boolean)
RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE domains AS (
    SELECT t.oid FROM pg_type t
    WHERE t.typtype = 'd' AND t.typnamespace <> 'information_schema'::regnamespace
      AND (t.typnotnull OR EXISTS (SELECT FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
    UNION SELECT t.oid FROM pg_type t JOIN domains d ON t.typbasetype = d.oid WHERE t.typtype = 'd'),
  holders AS (
    SELECT d.oid FROM domains d WHERE nested
    UNION SELECT h.oid FROM holders x CROSS JOIN LATERAL (
      SELECT t.oid FROM pg_type t WHERE t.typelem = x.oid OR t.typbasetype = x.oid
      UNION ALL SELECT t.oid FROM pg_attribute a JOIN pg_type t ON t.typrelid = a.attrelid
                WHERE a.atttypid = x.oid AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT u.oid FROM pg_range r CROSS JOIN LATERAL (
                  VALUES (r.rngtypid), ((to_jsonb(r) ->> 'rngmultitypid')::oid)) AS u (oid)
                WHERE r.rngsubtype = x.oid AND u.oid IS NOT NULL) AS h)
  SELECT d.oid FROM domains d WHERE NOT nested
  UNION ALL SELECT h.oid FROM holders h WHERE nested AND h.oid NOT IN (SELECT d.oid FROM domains d)
$$;
COMMENT ON FUNCTION dr._integrity_ruled_types(boolean) IS 'Internal: domains with rules, or the types that hold them';

CREATE FUNCTION dr._integrity_domains(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
BEGIN
  FOR t IN
    SELECT c.oid, c.oid::regclass::text AS name, EXISTS (
        -- of those that any of its domains is made of
        WITH RECURSIVE base (oid) AS (
          SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          UNION SELECT y.typbasetype FROM pg_type y JOIN base b ON b.oid = y.oid WHERE y.typtype = 'd')
        SELECT FROM pg_constraint k JOIN base b ON b.oid = k.contypid WHERE NOT k.convalidated) AS not_valid
    FROM pg_class c
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND EXISTS (
      SELECT FROM pg_attribute a JOIN dr._integrity_ruled_types(false) AS d (oid) ON d.oid = a.atttypid
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
    ORDER BY c.oid::regclass
  LOOP
    RETURN QUERY SELECT * FROM dr._integrity_finding('domain', t.oid, samples, 'table', t.name, 'domains hold', 'no value breaks them',
      'value breaks one', 'values break one', CASE WHEN t.not_valid
        THEN 'a restore fails when it loads the rows, unless the rule is one that is NOT VALID; values'
        ELSE 'a restore fails when it loads the rows; values' END);
  END LOOP;
  RETURN QUERY
    SELECT 'info', 'column', format('%s.%I', c.oid::regclass, a.attname), 'domains hold', 'no value breaks them', 'not checked',
      format('the values of a domain inside %s are not looked at', format_type(a.atttypid, NULL))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN dr._integrity_ruled_types(true) AS d (oid) ON d.oid = a.atttypid
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY 3;
END
$$;
COMMENT ON FUNCTION dr._integrity_domains(int) IS 'integrity findings about values that break the rules of their domain';

CREATE FUNCTION dr._integrity_partitions(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
BEGIN
  FOR t IN
    SELECT c.oid, c.oid::regclass::text AS name, c.relkind
    FROM pg_class c
    WHERE c.relkind IN ('r', 'f') AND c.relispartition
    ORDER BY c.oid::regclass
  LOOP
    IF t.relkind = 'f' THEN
      RETURN QUERY SELECT 'info', 'table', t.name, 'partition bounds hold', 'every row belongs here', 'not checked',
        'the rows of a foreign table are not read';
    ELSE
      RETURN QUERY SELECT * FROM dr._integrity_finding('partition', t.oid, samples, 'table', t.name, 'partition bounds hold',
        'every row belongs here', 'row belongs elsewhere', 'rows belong elsewhere',
        'a query by the partition key does not find them, and a restore puts them elsewhere or fails; rows');
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_partitions(int) IS 'integrity findings about rows outside the bounds of their partition';

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
BEGIN
  FOR i IN
    SELECT x.indexrelid, x.indexrelid::regclass::text AS name, x.indrelid::regclass AS tbl
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE x.indisunique AND x.indisvalid AND NOT x.indisexclusion AND c.relkind = 'i' AND t.relpersistence <> 't'
      AND (t.relkind = 'r' OR (t.relkind = 'm' AND t.relispopulated))
      AND t.relnamespace <> 'pg_catalog'::regnamespace AND t.relnamespace <> 'information_schema'::regnamespace
      AND t.relnamespace <> 'pg_toast'::regnamespace
    ORDER BY x.indexrelid::regclass::text
  LOOP
    RETURN QUERY SELECT * FROM dr._integrity_finding('unique', i.indexrelid, samples, 'index', i.name, 'unique holds', 'no key twice',
      'key more than once', 'keys more than once', format('a restore fails when it creates the index on %s; keys', i.tbl));
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_duplicates(int) IS 'integrity findings about duplicate keys under unique indexes';

-- 0.1.0 had functions of these names. Nothing calls them; a dump of its catalog has GRANTs on them, which must not fail here.
CREATE FUNCTION dr._integrity_key_expression(relation oid, alias text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT NULL::text $$;
COMMENT ON FUNCTION dr._integrity_key_expression(oid, text) IS 'Internal: unused, kept for dumps of 0.1.0';
CREATE FUNCTION dr._integrity_constraint_query(constraint_oid oid) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT NULL::text $$;
COMMENT ON FUNCTION dr._integrity_constraint_query(oid) IS 'Internal: unused, kept for dumps of 0.1.0';
CREATE FUNCTION dr._integrity_query(what text, object oid, OUT tables oid[], OUT query text) LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT NULL::oid[], NULL::text $$;
COMMENT ON FUNCTION dr._integrity_query(text, oid) IS 'Internal: unused, kept for dumps of 0.1.0';
