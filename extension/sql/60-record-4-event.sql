-- Events and objectives.

CREATE FUNCTION dr.event_record(
  severity text, kind text, message text, detail jsonb DEFAULT '{}', set_name text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  event_id bigint;
BEGIN
  PERFORM dr._check_word('severity', severity, ARRAY['info', 'warning', 'error', 'critical']);
  IF kind IS NULL OR kind !~ '^[a-z][a-z0-9_]*$' THEN
    RAISE EXCEPTION 'invalid kind of event %', coalesce('"' || kind || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Lower-case letters, digits and underscores, such as backup_failed.';
  END IF;
  IF coalesce(message, '') = '' THEN
    RAISE EXCEPTION 'an event needs a message' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO dr.events AS e (severity, kind, message, detail, set_name)
  VALUES (event_record.severity, event_record.kind, event_record.message,
          coalesce(event_record.detail, '{}'), nullif(event_record.set_name, ''))
  RETURNING e.id INTO event_id;
  RETURN event_id;
END
$$;
COMMENT ON FUNCTION dr.event_record(text, text, text, jsonb, text) IS 'Records an event; returns its number';

CREATE FUNCTION dr.objective_set(name text, target text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  unit text;
  duration interval;
BEGIN
  PERFORM dr._check_word('objective', name, (SELECT array_agg(k.name ORDER BY k.position) FROM dr.objective_kinds AS k));
  SELECT k.unit INTO unit FROM dr.objective_kinds AS k WHERE k.name = objective_set.name;
  IF unit = 'count' AND (target !~ '^[0-9]{1,4}$' OR target::integer < 1) THEN
    RAISE EXCEPTION 'invalid target "%" for objective %', target, name
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A whole number from 1 to 9999, or NULL to remove the objective.';
  END IF;
  IF unit = 'interval' AND target IS NOT NULL THEN
    BEGIN
      duration := target::interval;
    EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow OR interval_field_overflow THEN
      duration := NULL;
    END;
    IF duration IS NULL OR duration <= interval '0' THEN
      RAISE EXCEPTION 'invalid target "%" for objective %', target, name
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'A positive interval such as 24 hours or 35 days, or NULL to remove the objective.';
    END IF;
  END IF;
  INSERT INTO dr.objectives AS o (name, target) VALUES (objective_set.name, objective_set.target)
  ON CONFLICT ON CONSTRAINT objectives_pkey DO UPDATE
  SET target = excluded.target, set_at = excluded.set_at, set_by = excluded.set_by;
END
$$;
COMMENT ON FUNCTION dr.objective_set(text, text) IS 'Sets the target of an objective; NULL removes the objective';
