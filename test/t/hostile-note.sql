-- What every trap calls: a note in the server's log that says as whom it ran, and an attempt to gain something by it. Run by the owner,
-- `hostile`. :gained is a file that only a superuser's COPY can make.
SET client_min_messages = error;
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
SELECT format('CREATE FUNCTION trap.gained() RETURNS text LANGUAGE sql AS %L', format('SELECT %L', :'gained')) \gexec
CREATE SEQUENCE trap.counted;
CREATE FUNCTION trap.note(what text) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE LOG 'TRAPPED % as %', what, current_user;
  -- As whoever the session belongs to, if that can be had.
  BEGIN EXECUTE 'RESET ROLE'; EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN EXECUTE 'SET ROLE postgres'; EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN EXECUTE 'RESET SESSION AUTHORIZATION'; EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN
    EXECUTE format('COPY (SELECT %L) TO %L', what, trap.gained());
  EXCEPTION WHEN OTHERS THEN NULL;
  END;
  RETURN 1;
END $$;
CREATE FUNCTION trap.sprung(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM trap.note($1); RETURN true; END $$;
-- Whoever can write gets here: the note is called by pgdr in read-only transactions alone.
CREATE FUNCTION trap.write(what text) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  BEGIN EXECUTE 'SET transaction_read_only = off'; EXCEPTION WHEN OTHERS THEN NULL; END;
  PERFORM nextval('trap.counted');
  RAISE LOG 'TRAPPED write by % as writer', what;
  RETURN 1;
EXCEPTION WHEN read_only_sql_transaction THEN RETURN trap.note(what);
END $$;
