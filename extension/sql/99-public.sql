-- The last part, so that it covers the functions of every other one. The fingerprint functions are harmless: they give a
-- role nothing that it could not count itself, since they check that it may read every column and row of the table.
-- foreign: none, because REVOKE runs no code.
DO $$
DECLARE
  routine text;
BEGIN
  FOR routine IN
    SELECT p.oid::pg_catalog.regprocedure::text
    FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_proc AS p ON p.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
      AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT e.oid FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pgdr')
      AND p.proname NOT IN ('dr_table_fingerprint', 'dr_table_count', 'dr_fingerprint')
  LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
  END LOOP;
END
$$;
