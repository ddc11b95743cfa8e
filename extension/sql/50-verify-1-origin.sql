-- Which baseline a database is to be compared with.

-- The mark that "pgdr restore" leaves on a database: a setting, so that it is readable from other databases.
CREATE FUNCTION dr._origin(target name)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  mark text;
BEGIN
  SELECT substr(c.setting, length('pgdr.origin=') + 1) INTO mark
  FROM pg_db_role_setting AS s, pg_database AS d, unnest(s.setconfig) AS c (setting)
  WHERE d.datname = target AND s.setdatabase = d.oid AND s.setrole = 0 AND c.setting LIKE 'pgdr.origin=%';
  IF coalesce(mark, '') = '' THEN
    RETURN NULL;
  END IF;
  IF jsonb_typeof(mark::jsonb) <> 'object' OR mark::jsonb ->> 'label' IS NULL THEN
    RAISE invalid_text_representation;
  END IF;
  RETURN mark::jsonb;
EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
  RAISE EXCEPTION 'the origin mark of database "%" is not readable', target
    USING ERRCODE = 'data_exception', DETAIL = format('pgdr.origin is %s.', quote_literal(mark)),
          HINT = format('ALTER DATABASE %I RESET pgdr.origin removes it.', target);
END
$$;
COMMENT ON FUNCTION dr._origin(name) IS 'Internal: from which backup a database was restored; null: unknown';

-- The options of the caller over those of the restore: what a restore left out cannot be there.
CREATE FUNCTION dr._options_with_origin(options jsonb, origin jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(origin) AS m
                   WHERE m.key IN ('no_owner', 'no_acl', 'only', 'without') AND m.value <> 'null'), '{}') || options
$$;
COMMENT ON FUNCTION dr._options_with_origin(jsonb, jsonb) IS 'Internal: options of a comparison with those of the restore';

-- The backup with this label and the number of its snapshot, or an error that says what to do.
CREATE FUNCTION dr._backup_baseline(label text, reason text)
RETURNS dr.backups
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups;
BEGIN
  PERFORM dr._check_label(label);
  SELECT * INTO source FROM dr.backups AS b WHERE b.label = _backup_baseline.label;
  IF source.snapshot IS NULL THEN
    RAISE EXCEPTION 'there is no baseline: backup "%" %', label,
        CASE WHEN source.id IS NULL THEN 'is not in the catalog' ELSE 'has no snapshot' END
      USING ERRCODE = 'undefined_object', DETAIL = coalesce(reason, 'The caller named this backup.'),
            HINT = 'Read the backup in from its repository with "pgdr catalog rebuild", or give its snapshot document to '
                   'dr_verify_snapshot() inside the restored database.';
  END IF;
  RETURN source;
END
$$;
COMMENT ON FUNCTION dr._backup_baseline(text, text) IS 'Internal: a backup that has a snapshot, or an error';
