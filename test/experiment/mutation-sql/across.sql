-- From the source: damage the copy, committed; verify with dr_verify_against; name the rows with dr_differences; undo. Objects are
-- damaged in a database made for it. Connections "plans" (to the untouched restore) and "copy" are open.
CREATE FUNCTION pg_temp.run_across(seed bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  plan pg_temp.plan;
  findings text[];
  differing text[];
  wrong text;
  columns text;
BEGIN
  SELECT p.* INTO plan FROM extensions.dblink('copy', format('SELECT * FROM pg_temp.make_plan(%s)', seed))
    AS p (name text, run text, undo text, type text, object text, check_name text, near text[], mild boolean, relation text, rows text[]);
  IF (plan).relation IS NULL THEN
    -- Read only for the source, which another session damages here: one transaction that stays open until the verification saw nothing of it
    -- would prove nothing, so it is committed, and undone by what the plan knows.
    RETURN NULL;
  END IF;
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns FROM pg_attribute AS a
  WHERE a.attrelid = (plan).object::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
  PERFORM extensions.dblink_exec('copy', format('CREATE TEMP TABLE keep AS SELECT %s FROM ONLY %s; %s', coalesce(columns, '*'), (plan).object, (plan).run));
  BEGIN
    SELECT array_agg(concat_ws('|', f.status, f.object_type, f.object, f.check_name)) INTO findings
    FROM dr_verify_against(current_setting('mutation.copy'), current_setting('mutation.snapshot')::bigint) AS f;
    SELECT array_agg(concat_ws('|', d.side, coalesce(d.key, ''), coalesce(d.column_name, '')) ORDER BY concat_ws('|', d.side, coalesce(d.key, ''), coalesce(d.column_name, '')) COLLATE "C")
    INTO differing FROM dr_differences(current_setting('mutation.copy'), (plan).relation) AS d;
  EXCEPTION WHEN OTHERS THEN
    wrong := SQLERRM;
  END;
  PERFORM extensions.dblink_exec('copy', format('DELETE FROM ONLY %s', (plan).object));
  IF columns IS NULL THEN
    PERFORM extensions.dblink_exec('copy', format('INSERT INTO %s DEFAULT VALUES; INSERT INTO %1$s DEFAULT VALUES; DROP TABLE keep', (plan).object));
  ELSE
    PERFORM extensions.dblink_exec('copy', format('INSERT INTO %s (%s) SELECT * FROM keep; DROP TABLE keep', (plan).object, columns));
  END IF;
  wrong := nullif(concat_ws('; ', wrong, pg_temp.judge(plan, findings),
    CASE WHEN differing IS DISTINCT FROM (plan).rows THEN format('dr_differences says %s, should be %s', differing, (plan).rows) END), '');
  RETURN CASE WHEN wrong IS NULL THEN 'found' ELSE 'LOST' END || E'\t' || seed || E'\tacross\t' || coalesce((plan).name, '') || E'\t' || coalesce((plan).object, '')
    || CASE WHEN wrong IS NULL THEN '' ELSE E'\t' || wrong || E'\t' || (plan).run || E'\t' || coalesce(array_to_string(findings[:6], ', '), '') END;
EXCEPTION WHEN OTHERS THEN
  RETURN E'ERROR\t' || seed || E'\tacross\t' || coalesce((plan).name, '') || E'\t' || coalesce((plan).object, '') || E'\t' || SQLERRM || E'\t' || coalesce((plan).run, '');
END $$;
