CREATE TYPE pg_temp.plan AS (
  name text, run text, undo text, type text, object text, check_name text, near text[], mild boolean, relation text, rows text[]);

-- The k-th random number below n of a seed: the same everywhere.
CREATE FUNCTION pg_temp.pick(seed bigint, k bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(seed, k) & 9223372036854775807) % n $$;

-- Whether a verification found what a damage did, and nothing else. NULL: it did; else what is wrong.
CREATE FUNCTION pg_temp.judge(plan pg_temp.plan, findings text[]) RETURNS text LANGUAGE sql AS $$
  WITH finding AS (
    -- "status|type|object|check", blanks in lists of arguments aside.
    SELECT f, split_part(f, '|', 1) AS status, split_part(f, '|', 2) AS type, replace(split_part(f, '|', 3), ' ', '') AS object, split_part(f, '|', 4) AS check_name
    FROM unnest(findings) AS f
  )
  SELECT nullif(concat_ws('; ',
    CASE WHEN NOT EXISTS (SELECT FROM finding AS f
                          WHERE (f.status IN ('missing', 'extra', 'mismatch') OR (f.status = 'warning' AND (plan).mild))
                            AND f.type ~ ('^(' || replace((plan).type, '.', '.*') || ')$') AND f.object = replace((plan).object, ' ', '')
                            AND f.check_name ~ (plan).check_name)
         THEN 'not found' END,
    (SELECT 'beside the point: ' || string_agg(f.f, ', ') FROM finding AS f
     WHERE f.status IN ('missing', 'extra', 'mismatch') AND f.type <> 'database'
       AND NOT EXISTS (SELECT FROM unnest((plan).near || (plan).object) AS n WHERE starts_with(f.object, replace(n, ' ', '')))),
    CASE WHEN NOT (plan).mild AND NOT EXISTS (SELECT FROM finding AS f WHERE f.status = 'failed') THEN 'passed' END), '')
$$;
