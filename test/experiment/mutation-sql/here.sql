-- In the damaged database: damage, verify with dr_verify_snapshot, take back; all in one transaction, of which nothing stays.
CREATE FUNCTION pg_temp.run_here(seed bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  plan pg_temp.plan;
  findings text[];
  wrong text;
  differing text[];
BEGIN
  plan := pg_temp.make_plan(seed);
  BEGIN
    EXECUTE (plan).run;
    SELECT array_agg(concat_ws('|', f.status, f.object_type, f.object, f.check_name)) INTO findings
    FROM dr_verify_snapshot((SELECT document FROM baseline), coalesce(nullif(current_setting('mutation.options', true), ''), '{}')::jsonb) AS f;
    IF (plan).relation IS NOT NULL AND (plan).rows[1] NOT LIKE '%||%' THEN
      -- The rows of the key buckets that differ: what was damaged must be among them, unless it is missing.
      SELECT array_agg(d.key) INTO differing FROM dr_differences_snapshot((SELECT document FROM baseline), (plan).relation, 1000) AS d;
      SELECT string_agg('dr_differences_snapshot does not name ' || r, '; ') INTO wrong FROM unnest((plan).rows) AS r
      WHERE split_part(r, '|', 1) <> 'missing' AND NOT split_part(r, '|', 2) = ANY (coalesce(differing, '{}'));
    END IF;
    RAISE EXCEPTION 'undone' USING ERRCODE = 'UNDON';
  EXCEPTION WHEN SQLSTATE 'UNDON' THEN
    NULL;
  END;
  IF (plan).undo IS NOT NULL THEN EXECUTE (plan).undo; END IF;
  wrong := concat_ws('; ', wrong, pg_temp.judge(plan, findings));
  RETURN CASE WHEN wrong = '' THEN 'found' ELSE 'LOST' END || E'\t' || seed || E'\there\t' || coalesce((plan).name, '') || E'\t' || coalesce((plan).object, '')
    || CASE WHEN wrong = '' THEN '' ELSE E'\t' || wrong || E'\t' || (plan).run || E'\t' || coalesce(array_to_string(findings[:6], ', '), '') END;
EXCEPTION WHEN OTHERS THEN
  RETURN E'ERROR\t' || seed || E'\there\t' || coalesce((plan).name, '') || E'\t' || coalesce((plan).object, '') || E'\t' || SQLERRM || E'\t' || coalesce((plan).run, '');
END $$;
