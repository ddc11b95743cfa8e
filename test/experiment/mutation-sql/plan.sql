-- Which damage a seed stands for. In temporary objects, so that the database that is verified stays what was restored.
--
-- A damage: `run` does it, `undo` takes back what a rolled-back transaction would leave (sequences are not transactional).
-- A verification has to name (object_type ~ type, object, check_name ~ check_name) with a problem's status, or with a warning where
-- `mild`; problems named beside it must lie below one of `near`. `relation` and `rows` are there for damages of rows: what
-- dr_differences has to give, as sorted lines "side|key|column".
CREATE TEMP TABLE damages (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, run text NOT NULL, undo text, type text NOT NULL,
  object text NOT NULL, check_name text NOT NULL, near text[] NOT NULL DEFAULT '{}', mild boolean NOT NULL DEFAULT false);
-- What a damage of rows may be done to: every table with rows, with its key and the columns that are not in it.
CREATE TEMP TABLE targets AS
SELECT c.oid, c.oid::regclass::text AS leaf, coalesce(i.inhparent::regclass::text, c.oid::regclass::text) AS root,
       k.columns AS key, coalesce(k.columns, CASE WHEN c.relname = 'loose' THEN ARRAY['id'] END) AS locator,
       ARRAY(SELECT quote_ident(a.attname) FROM pg_attribute AS a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
               AND NOT quote_ident(a.attname) = ANY (coalesce(k.columns, ARRAY['id'])) AND NOT a.attnotnull ORDER BY a.attname COLLATE "C") AS columns
FROM pg_class AS c
LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid AND c.relispartition
LEFT JOIN LATERAL (
  SELECT array_agg(quote_ident(a.attname) ORDER BY u.n) AS columns
  FROM pg_index AS x, unnest(x.indkey) WITH ORDINALITY AS u (attnum, n), pg_attribute AS a
  WHERE x.indrelid = c.oid AND (x.indisprimary OR c.relname = 'unique_key') AND a.attrelid = c.oid AND a.attnum = u.attnum) AS k ON true
WHERE c.relnamespace = 'data'::regnamespace AND c.relkind = 'r'
ORDER BY c.oid::regclass::text COLLATE "C";

-- "(a, b)=(1, x)" as dr_differences names a row, as an SQL expression.
CREATE FUNCTION pg_temp.key_expression(key text[]) RETURNS text STRICT LANGUAGE sql AS $$
  SELECT format($f$ '(%s)=(' || %s || ')' $f$, replace(array_to_string(key, ', '), '''', ''''''),
                (SELECT string_agg(format('%s::text', k), $c$ || ', ' || $c$) FROM unnest(key) AS k))
$$;

CREATE FUNCTION pg_temp.plan_rows(seed bigint) RETURNS pg_temp.plan LANGUAGE plpgsql AS $$
DECLARE
  target targets;
  damage value_damages;
  result pg_temp.plan;
  number bigint;
  expression text;
  col text;
  how text;
  place tid[];
  keys text[];
  renamed text;
BEGIN
  FOR attempt IN 1 .. 1000 LOOP
    number := pg_temp.pick(seed, attempt * 10, 1000000);
    SELECT * INTO target FROM targets ORDER BY leaf COLLATE "C" OFFSET pg_temp.pick(seed, attempt * 10 + 1, (SELECT count(*) FROM targets)) LIMIT 1;
    how := (ARRAY['value', 'value', 'value', 'value', 'value', 'value', 'delete', 'insert', 'swap', 'key'])[
             1 + pg_temp.pick(seed, attempt * 10 + 2, 10)];
    col := target.columns[1 + pg_temp.pick(seed, attempt * 10 + 3, greatest(cardinality(target.columns), 1))];
    result := ROW(how, NULL, NULL, 'table', target.leaf, 'rows|content', ARRAY[target.leaf, target.root], false,
                  CASE WHEN number % 2 = 0 THEN target.root ELSE target.leaf END, NULL)::pg_temp.plan;
    -- Two random rows, and what they are called.
    EXECUTE format('SELECT array_agg(ctid), array_agg(k) FROM (SELECT ctid, %s AS k FROM ONLY %s ORDER BY hashtext(%s || %L), ctid LIMIT 2) AS r',
                   coalesce(pg_temp.key_expression(target.key), 'NULL::text'), target.leaf,
                   coalesce(pg_temp.key_expression(target.locator), '''''') , number::text) INTO place, keys;
    CASE how
      WHEN 'delete' THEN
        result.run := format('DELETE FROM ONLY %s WHERE ctid = %L', target.leaf, place[1]);
        result.rows := ARRAY['missing|' || coalesce(keys[1], '') || '|'];
      WHEN 'insert' THEN
        -- A row once more; where there is a key, with another one.
        IF target.key IS NOT NULL THEN CONTINUE; END IF;
        result.run := format('INSERT INTO %s (%s) SELECT %2$s FROM ONLY %1$s WHERE ctid = %3$L', target.leaf,
                             coalesce((SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute AS a
                                       WHERE a.attrelid = target.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), ''), place[1]);
        IF cardinality(target.columns) = 0 THEN result.run := format('INSERT INTO %s DEFAULT VALUES', target.leaf); END IF;
        result.name := 'a row twice';
        result.rows := ARRAY['extra||'];
      WHEN 'key' THEN
        IF target.key IS NULL OR target.leaf = 'data.parts_low' THEN CONTINUE; END IF;
        result.run := format('UPDATE ONLY %s SET %s = %s WHERE ctid = %L', target.leaf, target.key[cardinality(target.key)],
                             CASE WHEN keys[1] ~ '\d\)$' AND target.leaf NOT IN ('data.toasted', 'data.unique_key')
                                  THEN target.key[cardinality(target.key)] || ' + 1000' ELSE target.key[cardinality(target.key)] || $q$ || ' '$q$ END, place[1]);
        EXECUTE format('SELECT %s FROM (SELECT %s FROM ONLY %s WHERE ctid = %L) AS r', pg_temp.key_expression(target.key),
                       array_to_string(target.key[:cardinality(target.key) - 1] || (substring(result.run FROM ' = (.*) WHERE ctid') || ' AS ' || target.key[cardinality(target.key)]), ', '),
                       target.leaf, place[1]) INTO renamed;
        result.name := 'another key';
        result.rows := ARRAY['extra|' || renamed || '|', 'missing|' || keys[1] || '|'];
      WHEN 'swap' THEN
        IF col IS NULL OR target.locator IS NULL THEN CONTINUE; END IF;
        EXECUTE format('SELECT count(DISTINCT %s::text) + CASE WHEN bool_or(%1$s::text IS NULL) THEN 1 ELSE 0 END FROM ONLY %s WHERE ctid = ANY (%L)', col, target.leaf, place) INTO number;
        IF number < 2 THEN CONTINUE; END IF;
        result.name := 'swapped ' || col;
        result.run := format('UPDATE ONLY %1$s AS t SET %2$s = s.%2$s FROM ONLY %1$s AS s WHERE t.ctid = ANY (%3$L) AND s.ctid = ANY (%3$L) AND s.ctid <> t.ctid',
                             target.leaf, col, place);
        IF target.key IS NULL THEN
          result.rows := ARRAY['extra||', 'extra||', 'missing||', 'missing||'];
        ELSE
          SELECT array_agg('changed|' || k || '|' || btrim(col, '"') ORDER BY 'changed|' || k || '|' || btrim(col, '"') COLLATE "C") INTO result.rows FROM unnest(keys) AS k;
        END IF;
      ELSE
        IF col IS NULL OR target.locator IS NULL THEN CONTINUE; END IF;
        SELECT d.* INTO damage FROM value_damages AS d
        WHERE col = ANY (string_to_array(d.columns, ' ')) OR d.columns = '*' OR (col = '"Wert ß"' AND d.columns LIKE '%"Wert ß"%')
        ORDER BY hashint8extended(hashtextextended(d.name, 0), seed + attempt) LIMIT 1;
        SELECT replace(replace(regexp_replace(damage.expression, '\yv\y', col, 'g'), '$k', number::text), 'TYPE', format_type(a.atttypid, NULL)) INTO expression
        FROM pg_attribute AS a WHERE a.attrelid = target.oid AND quote_ident(a.attname) = col;
        EXECUTE format('SELECT ARRAY[ctid], ARRAY[k] FROM (SELECT ctid, %s AS k FROM ONLY %s WHERE %s::text IS DISTINCT FROM (%s)::text ORDER BY hashtext(%s || %L), ctid LIMIT 1) AS r',
                       coalesce(pg_temp.key_expression(target.key), 'NULL::text'), target.leaf, col, expression,
                       pg_temp.key_expression(target.locator), number::text) INTO place, keys;
        IF place IS NULL THEN CONTINUE; END IF;
        result.name := col || ': ' || damage.name;
        result.run := format('UPDATE ONLY %s SET %s = %s WHERE ctid = %L', target.leaf, col, expression, place[1]);
        result.rows := CASE WHEN target.key IS NULL THEN ARRAY['extra||', 'missing||']
                            ELSE ARRAY[format('changed|%s|%s', keys[1], btrim(col, '"'))] END;
    END CASE;
    IF place IS NOT NULL THEN RETURN result; END IF;
  END LOOP;
  RAISE EXCEPTION 'no damage for seed %', seed;
END $$;

-- Every second seed a damage of rows, else of an object: first its name, so that the many tables do not crowd out the one policy.
CREATE FUNCTION pg_temp.make_plan(seed bigint) RETURNS pg_temp.plan LANGUAGE plpgsql AS $$
DECLARE
  wanted text;
  result pg_temp.plan;
BEGIN
  wanted := nullif(current_setting('mutation.sort', true), '');
  IF wanted IS NULL AND pg_temp.pick(seed, 1, 2) = 0 THEN RETURN pg_temp.plan_rows(seed); END IF;
  SELECT d.name INTO wanted FROM (SELECT DISTINCT name FROM damages WHERE wanted IS NULL OR name = wanted) AS d
  ORDER BY d.name COLLATE "C" OFFSET pg_temp.pick(seed, 2, (SELECT count(DISTINCT name) FROM damages WHERE wanted IS NULL OR name = wanted)) LIMIT 1;
  SELECT d.name, d.run, d.undo, d.type, d.object, d.check_name, d.near || d.object, d.mild, NULL, NULL INTO result FROM damages AS d
  WHERE d.name = wanted ORDER BY d.object COLLATE "C", d.id OFFSET pg_temp.pick(seed, 3, (SELECT count(*) FROM damages AS n WHERE n.name = wanted)) LIMIT 1;
  RETURN result;
END $$;
