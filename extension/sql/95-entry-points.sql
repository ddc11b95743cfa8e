-- The dr_* functions of the chosen schema: thin entry points, one for each function of schema dr whose name does not begin with an
-- underscore, with its arguments, defaults, result and comment. Whoever owns the chosen schema can rename it and put another of that name
-- in its place; therefore neither a job nor the tool nor another function calls them, only people do. What they call lies in schema dr,
-- which belongs to the extension's owner. (dr_table_count, dr_table_fingerprint and dr_fingerprint are complete in themselves, 20-engine.sql:
-- they are everybody's, who may not enter schema dr.)
-- foreign: none, because CREATE FUNCTION and COMMENT run no code; event triggers fire for whoever creates or updates an extension.
DO $$
DECLARE
  f record;
  entry text;
BEGIN
  FOR f IN
    SELECT p.oid, p.proname, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_identity_arguments(p.oid) AS identity,
           pg_get_function_result(p.oid) AS result, p.proretset, p.proconfig,
           CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END AS volatility,
           (SELECT string_agg('$' || n, ', ' ORDER BY n) FROM generate_series(1, p.pronargs) AS n) AS numbers,
           obj_description(p.oid, 'pg_proc') AS comment
    FROM pg_proc AS p
    WHERE p.pronamespace = 'dr'::regnamespace AND p.prokind = 'f' AND p.proname NOT LIKE E'\\_%'
      AND p.proname <> 'table_count'
    ORDER BY p.proname, p.oid
  LOOP
    -- GRANT and REVOKE are words of SQL, which cannot be a function's name without quotes.
    entry := 'dr_' || CASE f.proname WHEN 'grant_to' THEN 'grant' WHEN 'revoke_from' THEN 'revoke' ELSE f.proname END;
    -- What has no search path of its own reads names as the caller wrote them.
    EXECUTE format('CREATE FUNCTION @extschema@.%I(%s) RETURNS %s LANGUAGE sql %s %s AS %L',
                   entry, f.arguments, f.result, f.volatility,
                   CASE WHEN f.proconfig IS NOT NULL THEN 'SET search_path = pg_catalog, pg_temp' END,
                   CASE WHEN f.proretset THEN format('SELECT * FROM dr.%I(%s)', f.proname, f.numbers)
                        ELSE format('SELECT dr.%I(%s)', f.proname, f.numbers) END);
    EXECUTE format('COMMENT ON FUNCTION @extschema@.%I(%s) IS %L', entry, f.identity, f.comment);
  END LOOP;
END
$$;
