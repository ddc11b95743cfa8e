-- The history travels with a dump of its database: rows and the identity sequences behind them.
-- dr.objective_kinds does not: its rows come with the extension.
DO $$
DECLARE
  relation oid;
BEGIN
  FOR relation IN
    SELECT c.oid FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = 'dr'::pg_catalog.regnamespace AND c.relkind IN ('r', 'S')
      AND c.relname <> 'objective_kinds'
    ORDER BY c.oid
  LOOP
    PERFORM pg_catalog.pg_extension_config_dump(relation, '');
  END LOOP;
END
$$;
