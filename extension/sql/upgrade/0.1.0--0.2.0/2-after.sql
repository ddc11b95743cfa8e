-- Roles that dr_grant() gave 0.1.0's rights get the rights of the same kind in this version.
DO $$
DECLARE
  holder record;
BEGIN
  FOR holder IN
    SELECT a.grantee, CASE WHEN bool_or(p.proname = 'dr_backup_start') THEN 'backup' ELSE 'monitor' END AS kind
    FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid CROSS JOIN aclexplode(p.proacl) AS a
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT e.oid FROM pg_extension AS e WHERE e.extname = 'pgdr')
      AND p.proname IN ('dr_backup_start', 'dr_status') AND a.grantee NOT IN (0::oid, p.proowner)
    GROUP BY a.grantee
  LOOP
    -- The right to write the tables, for one, is not needed any more.
    PERFORM dr.revoke_from(holder.grantee::regrole, NULL::text);
    PERFORM dr.grant_to(holder.grantee::regrole, holder.kind);
  END LOOP;
END
$$;
