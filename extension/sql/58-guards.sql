-- What foreign keys would guarantee, without their order: rows load in any sequence, with or without triggers, in parallel (pg_restore -j).
-- Deleting is guarded by the triggers here; that a row refers to nothing that is being deleted at this moment is the business of the
-- functions that record, which lock what they refer to (FOR KEY SHARE) as a foreign key would.

-- A deletion sees what others committed while it waited for them only where every statement looks anew.
CREATE FUNCTION dr._check_deletable()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'rows of the catalog can be deleted at isolation level READ COMMITTED only'
      USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = format('This transaction runs at %s, where it cannot see what was just recorded.', current_setting('transaction_isolation')),
            HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED, or SET default_transaction_isolation = ''read committed''.';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_deletable() IS 'Internal: errors unless deletions see everything';

CREATE FUNCTION dr._guard_deletion()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  user_of_it text;
BEGIN
  PERFORM dr._check_deletable();
  CASE TG_TABLE_NAME
    WHEN 'snapshots' THEN
      SELECT 'backup ' || b.label INTO user_of_it FROM dr.backups AS b WHERE b.snapshot = OLD.id LIMIT 1;
    WHEN 'definitions' THEN
      IF EXISTS (SELECT FROM dr.snapshot_objects AS o WHERE o.definition = OLD.id)
         OR EXISTS (SELECT FROM dr.snapshot_relations AS r WHERE r.buckets = OLD.id) THEN
        user_of_it := 'a snapshot';
      END IF;
    WHEN 'backups' THEN
      SELECT 'verification ' || v.id INTO user_of_it FROM dr.verifications AS v WHERE v.backup = OLD.id LIMIT 1;
      IF user_of_it IS NULL THEN
        SELECT 'restore ' || r.id INTO user_of_it FROM dr.restores AS r WHERE r.backup = OLD.id LIMIT 1;
      END IF;
  END CASE;
  IF user_of_it IS NOT NULL THEN
    RAISE EXCEPTION 'row % of dr.% cannot be deleted: % refers to it', OLD.id, TG_TABLE_NAME, user_of_it
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END
$$;
COMMENT ON FUNCTION dr._guard_deletion() IS 'Internal: keeps what other rows of the catalog refer to';

CREATE FUNCTION dr._follow_deletion()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_TABLE_SCHEMA <> 'dr' THEN
    RAISE EXCEPTION 'this function serves the catalog alone' USING ERRCODE = 'insufficient_privilege';
  END IF;
  CASE TG_TABLE_NAME
    WHEN 'snapshots' THEN
      DELETE FROM dr.snapshot_relations AS r USING gone WHERE r.snapshot = gone.id;
      DELETE FROM dr.snapshot_sequences AS q USING gone WHERE q.snapshot = gone.id;
      DELETE FROM dr.snapshot_objects AS o USING gone WHERE o.snapshot = gone.id;
      UPDATE dr.verifications AS v SET snapshot = NULL FROM gone WHERE v.snapshot = gone.id;
    WHEN 'backups' THEN
      DELETE FROM dr.copies AS c USING gone WHERE c.backup = gone.id;
    WHEN 'verifications' THEN
      DELETE FROM dr.verification_findings AS f USING gone WHERE f.verification = gone.id;
      UPDATE dr.restores AS r SET verification = NULL FROM gone WHERE r.verification = gone.id;
  END CASE;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION dr._follow_deletion() IS 'Internal: deletes what belonged to deleted rows, and forgets references to them';

CREATE FUNCTION dr._guard_truncation()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'dr.% cannot be truncated: other rows of the catalog refer to it', TG_TABLE_NAME
    USING ERRCODE = 'feature_not_supported', HINT = format('DELETE FROM dr.%s deletes what nothing else needs.', TG_TABLE_NAME);
END
$$;
COMMENT ON FUNCTION dr._guard_truncation() IS 'Internal: refuses TRUNCATE where it would leave references behind';

-- foreign: none, because CREATE TRIGGER runs no code.
DO $$
DECLARE
  tab text;
BEGIN
  FOREACH tab IN ARRAY ARRAY['snapshots', 'definitions', 'backups', 'verifications'] LOOP
    IF tab <> 'verifications' THEN
      EXECUTE format('CREATE TRIGGER guard_deletion BEFORE DELETE ON dr.%I FOR EACH ROW EXECUTE FUNCTION dr._guard_deletion()', tab);
    END IF;
    IF tab <> 'definitions' THEN
      EXECUTE format('CREATE TRIGGER follow_deletion AFTER DELETE ON dr.%I REFERENCING OLD TABLE AS gone FOR EACH STATEMENT '
                     'EXECUTE FUNCTION dr._follow_deletion()', tab);
    END IF;
    EXECUTE format('CREATE TRIGGER guard_truncation BEFORE TRUNCATE ON dr.%I FOR EACH STATEMENT EXECUTE FUNCTION dr._guard_truncation()', tab);
  END LOOP;
END
$$;
