-- dr_check_integrity(), the cheap part: what catalogs and statistics already know.

CREATE FUNCTION dr._integrity_catalog()
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  -- page checksums: the statistics count failures since they were last reset
  SELECT 'error', 'database', quote_ident(d.datname), 'page checksums', '0 failures',
    format('%s failures', s.checksum_failures),
    format('last at %s; the pages are named in the server log', s.checksum_last_failure)
  FROM pg_stat_database s JOIN pg_database d ON d.oid = s.datid
  WHERE d.datname = current_database() AND s.checksum_failures > 0
  UNION ALL
  SELECT 'info', 'database', quote_ident(current_database()::text), 'page checksums', 'on', 'off',
    'this cluster was made without data checksums: damaged pages are noticed only by accident'
  WHERE current_setting('data_checksums') = 'off'
  UNION ALL
  -- indexes that a failed CREATE INDEX CONCURRENTLY left behind, or that are not in use
  SELECT CASE WHEN i.indisunique THEN 'error' ELSE 'warning' END, 'index', i.indexrelid::regclass::text, 'index state', 'valid and ready',
    concat_ws(', ', CASE WHEN NOT i.indisvalid THEN 'not valid' END, CASE WHEN NOT i.indisready THEN 'not ready' END,
      CASE WHEN NOT i.indislive THEN 'being dropped' END),
    -- pg_dump takes valid ones only (getIndexes)
    'queries do not use it, and a dump leaves it out: REINDEX or drop it'
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND NOT (i.indisvalid AND i.indisready AND i.indislive)
  UNION ALL
  SELECT 'warning', 'constraint', format('%s on %s', quote_ident(k.conname), k.conrelid::regclass), 'constraint validated',
    'validated', 'NOT VALID', 'existing rows were never checked: ALTER TABLE ... VALIDATE CONSTRAINT'
  FROM pg_constraint k
  WHERE NOT k.convalidated AND k.conrelid <> 0
  UNION ALL
  -- while they are off, rows that break it get in; those that check new rows never fire on a partitioned table itself
  SELECT DISTINCT 'warning', 'constraint', format('%s on %s', quote_ident(k.conname), k.conrelid::regclass), 'constraint enforced',
    'enforced', 'its triggers are disabled', 'changes are not checked: ALTER TABLE ... ENABLE TRIGGER ALL'
  FROM pg_constraint k JOIN pg_trigger t ON t.tgconstraint = k.oid JOIN pg_class c ON c.oid = t.tgrelid
  WHERE t.tgisinternal AND t.tgenabled IN ('D', 'R')
    AND NOT (c.relkind = 'p' AND t.tgfoid IN ('"RI_FKey_check_ins"'::regproc, '"RI_FKey_check_upd"'::regproc, 'unique_key_recheck'::regproc))
  UNION ALL
  -- The server looks for these only where pg_class says that there are some: a wrong false switches all of them off.
  SELECT 'error', 'table', c.oid::regclass::text, 'pg_class consistent', x.there, x.field || ' is ' || x.value, x.consequence
  FROM pg_class c CROSS JOIN LATERAL (VALUES
    ('relhastriggers', 'false', 'it has triggers', 'none of them fires, those of foreign keys included',
     NOT c.relhastriggers AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid)),
    ('relhasindex', 'false', 'it has indexes', 'none of them is used, kept up to date or enforced',
     NOT c.relhasindex AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid)),
    ('relhasrules', 'false', 'it has rules', 'none of them applies',
     NOT c.relhasrules AND EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid)),
    ('relchecks', c.relchecks::text, 'it has other checks', 'the table cannot be used, or checks are not enforced',
     c.relchecks <> (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'))
  ) AS x (field, value, there, consequence, wrong)
  WHERE x.wrong AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
  UNION ALL
  -- transaction ids: beyond autovacuum_freeze_max_age something holds vacuum back; near 2^31 the server stops
  SELECT CASE WHEN x.age > 1500000000 THEN 'error' ELSE 'warning' END, 'database', quote_ident(x.datname), x.what || ' age',
    format('below %s', x.allowed), x.age::text,
    'autovacuum does not keep up: look for old transactions, replication slots and prepared transactions'
  FROM (
    SELECT datname, 'transaction id' AS what, age(datfrozenxid) AS age, current_setting('autovacuum_freeze_max_age')::int AS allowed
    FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT datname, 'multixact id', mxid_age(datminmxid), current_setting('autovacuum_multixact_freeze_max_age')::int
    FROM pg_database WHERE datname = current_database()) x
  WHERE x.age > x.allowed * 1.25
  UNION ALL
  -- prepared transactions are in no dump and hold back vacuum
  SELECT 'warning', 'prepared transaction', p.gid, 'prepared transaction', 'none older than an hour',
    format('prepared %s', p.prepared), 'its changes are in no backup until it is committed'
  FROM pg_prepared_xacts p
  WHERE p.database = current_database() AND p.prepared < now() - interval '1 hour'
  UNION ALL
  -- the available-extensions view knows control files only; a missing one makes CREATE EXTENSION in a restore fail
  SELECT 'error', 'extension', quote_ident(e.extname), 'extension installable', 'available on this server',
    'control file missing', 'a restore on this server would fail at CREATE EXTENSION: reinstall its package'
  FROM pg_extension e
  WHERE NOT EXISTS (SELECT FROM pg_available_extensions a WHERE a.name = e.extname)
$$;
COMMENT ON FUNCTION dr._integrity_catalog() IS 'integrity findings from catalogs and statistics alone';

-- pg_dump leaves out, or takes without a word in part, what it may not see: subscriptions are a superuser's to dump, and the options of a
-- user mapping are shown to whom pg_user_mappings shows them.
CREATE FUNCTION dr._integrity_undumped()
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'warning', 'subscription', quote_ident(s.subname), 'dumped', 'in a dump by this role', 'left out',
    'only a superuser''s dump has it: keep its CREATE SUBSCRIPTION elsewhere'
  FROM pg_subscription AS s
  WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user)
  UNION ALL
  SELECT 'warning', 'user mapping', format('%I.%I', m.srvname, m.usename), 'dumped', 'in a dump by this role', 'without its options',
    'only a superuser''s dump has its options, such as user and password: keep them elsewhere'
  FROM pg_user_mappings AS m JOIN pg_foreign_server AS s ON s.oid = m.srvid
  WHERE m.umoptions IS NULL AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user)
    AND NOT CASE WHEN m.umuser = 0 THEN pg_has_role(s.srvowner, 'USAGE')
                 ELSE m.usename = current_user AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE')) END
$$;
COMMENT ON FUNCTION dr._integrity_undumped() IS 'integrity findings about what a dump by this role lacks';

-- C functions name their library; one that is gone makes the functions fail, and CREATE EXTENSION in a restore with them.
CREATE FUNCTION dr._integrity_libraries()
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  libdir text;
  lib record;
  path text;
BEGIN
  BEGIN
    SELECT setting INTO libdir FROM pg_config WHERE name = 'PKGLIBDIR';
    PERFORM pg_stat_file(libdir);
  EXCEPTION WHEN insufficient_privilege THEN
    RETURN QUERY SELECT 'info'::text, 'database'::text, quote_ident(current_database()), 'libraries'::text, NULL::text, NULL::text,
      'not checked: looking at the server''s files takes a superuser'::text;
    RETURN;
  END;
  FOR lib IN
    SELECT p.probin, min(p.oid::regprocedure::text) AS sample, count(*) AS functions
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE l.lanname = 'c' AND p.probin IS NOT NULL
    GROUP BY p.probin
  LOOP
    -- Where dynamic_library_path has been changed, a bare name may be anywhere on it: only the plain case is decided here.
    IF lib.probin LIKE '$libdir/%' THEN
      path := libdir || substr(lib.probin, 8);
    ELSIF lib.probin LIKE '/%' THEN
      path := lib.probin;
    ELSIF current_setting('dynamic_library_path') = '$libdir' THEN
      path := libdir || '/' || lib.probin;
    ELSE
      CONTINUE;
    END IF;
    IF pg_stat_file(path, true) IS NULL AND pg_stat_file(path || '.so', true) IS NULL THEN
      status := 'error'; object_type := 'library'; object := lib.probin; check_name := 'library present';
      expected := 'present'; actual := 'missing';
      detail := format('needed by %s', CASE lib.functions WHEN 1 THEN lib.sample ELSE format('%s functions, %s for one', lib.functions, lib.sample) END);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_libraries() IS 'integrity findings about shared libraries that functions need';

CREATE FUNCTION dr._sequence_state(sequence oid, OUT last_value bigint, OUT is_called boolean)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_sequence_state';
COMMENT ON FUNCTION dr._sequence_state(oid) IS 'Internal: a sequence as it is now, by its OID: a name may be given to something else; NULL where it is gone';

-- A sequence behind its column: the next insert fails, or the one after a restore does.
CREATE FUNCTION dr._integrity_sequences(every_column boolean)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  seq record;
  column_value record;
  extreme numeric;
  next_value numeric;
  problem text;
BEGIN
  FOR seq IN
    SELECT s.oid, s.oid::regclass AS name, c.oid AS relid, c.oid::regclass AS tbl, a.attname, q.seqincrement, q.seqcycle, c.relkind,
      -- an index that starts with the column makes max() a single descent
      every_column OR c.relpages < 1000 OR EXISTS (
        SELECT FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indkey[0] = a.attnum AND i.indpred IS NULL AND am.amname = 'btree') AS cheap
    FROM pg_depend d
      JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
      JOIN pg_sequence q ON q.seqrelid = s.oid
      JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    ORDER BY s.oid::regclass
  LOOP
    CONTINUE WHEN seq.seqcycle;
    object_type := 'sequence'; object := seq.name::text; check_name := 'sequence ahead of its column';
    IF NOT seq.cheap THEN
      status := 'info'; expected := 'not behind'; actual := 'not checked';
      detail := format('%s is large and has no index on %I: level data looks at it', seq.tbl, seq.attname);
      RETURN NEXT;
      CONTINUE;
    END IF;
    SELECT * INTO column_value FROM dr._integrity_ask('sequence', seq.oid, 1);
    problem := column_value.problem;
    IF problem IS NULL THEN
      BEGIN
        SELECT s.last_value + CASE WHEN s.is_called THEN seq.seqincrement ELSE 0 END INTO next_value FROM dr._sequence_state(seq.oid) AS s;
      EXCEPTION WHEN OTHERS THEN
        problem := SQLERRM;
      END;
    END IF;
    IF problem IS NOT NULL THEN
      status := 'warning'; expected := 'not behind'; actual := 'not checked'; detail := problem;
      RETURN NEXT;
      CONTINUE;
    END IF;
    extreme := column_value.sample::numeric;
    IF extreme IS NOT NULL AND (extreme - next_value) * sign(seq.seqincrement) >= 0 THEN
      status := 'error'; expected := format('beyond %s', extreme); actual := format('next value %s', next_value);
      detail := format('%s.%I already holds %s: SELECT setval(%L, %s)', seq.tbl, seq.attname, extreme, seq.name, extreme);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_sequences(boolean) IS 'integrity findings about sequences behind the columns they feed';
