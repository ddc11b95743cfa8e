-- The library's variable: the mark of a restore.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
-- It exists once the library is loaded, by the first call of any function.
SELECT dr._algorithm();
SHOW pgdr.origin;
CREATE ROLE regress_pgdr_owner;
SET ROLE regress_pgdr_owner;
SET pgdr.origin = '{"label":"20261121T020000Z-9f3c"}';
SHOW pgdr.origin;
RESET pgdr.origin;
-- A database's owner may leave the mark
RESET ROLE;
SELECT current_database() AS db \gset
ALTER DATABASE :"db" OWNER TO regress_pgdr_owner;
SET ROLE regress_pgdr_owner;
ALTER DATABASE :"db" SET pgdr.origin = 'mark';
RESET ROLE;
SELECT m AS mark FROM pg_db_role_setting, unnest(setconfig) AS m WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND setrole = 0 AND m LIKE 'pgdr%';
ALTER DATABASE :"db" RESET pgdr.origin;
ALTER DATABASE :"db" OWNER TO CURRENT_USER;
SET ROLE regress_pgdr_owner;
-- The prefix is the library's own
DO $$
BEGIN
  SET pgdr.orgin = 'misspelt';
  ASSERT current_setting('server_version_num')::int < 150000, 'the prefix is not reserved';
EXCEPTION WHEN invalid_name THEN
  NULL;
END $$;
RESET ROLE;
DROP ROLE regress_pgdr_owner;
