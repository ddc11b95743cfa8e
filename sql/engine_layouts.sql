-- Rows of every layout have the same canonical form on the fast ways (rows of fixed length, plain rows) as on the general one.
-- A table of random columns is read three times: as it is; with a dropped column in front of the others, whose NULL keeps every
-- row off the fast ways; and by the aggregate, which does not know them.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
RESET client_min_messages;
CREATE SCHEMA row_layouts;
SET search_path = row_layouts, public;
SET pgdr.max_workers = 0;

-- A value of a type, from a number; every tenth one is NULL where that is allowed.
CREATE FUNCTION value_of(type text, n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE type
    WHEN 'bool' THEN (n % 2 = 0)::text
    WHEN '"char"' THEN chr(65 + n % 26)
    WHEN 'int2' THEN (n % 30000 - 15000)::text
    WHEN 'int4' THEN (n * 7919 - 100000000)::text
    WHEN 'int8' THEN (n * 1000003::bigint * 7919)::text
    WHEN 'float4' THEN CASE n % 7 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN 'Infinity' ELSE (n / 3.0)::float4::text END
    WHEN 'float8' THEN CASE n % 7 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN '-Infinity' ELSE (n / 3.0)::float8::text END
    WHEN 'date' THEN ('2020-01-01'::date + n % 9999)::text
    WHEN 'timestamptz' THEN ('2020-01-01 00:00+00'::timestamptz + n * interval '7.77 seconds')::text
    WHEN 'time' THEN (time '00:00' + n * interval '1.01 seconds')::text
    WHEN 'timetz' THEN (time '00:00' + n * interval '1.01 seconds')::text || '+0' || n % 10
    WHEN 'interval' THEN format('%s months %s days %s seconds', n % 99, n % 77, n / 10.0)
    WHEN 'uuid' THEN md5(n::text)
    WHEN 'macaddr' THEN left(md5(n::text), 12)
    WHEN 'tid' THEN format('(%s,%s)', n, n % 100 + 1)
    WHEN 'name' THEN 'n' || n
    WHEN 'numeric' THEN CASE n % 9 WHEN 0 THEN 'NaN' WHEN 1 THEN '0.00' ELSE ((n - 500) * 123456.789012 / 10 ^ (n % 30)::numeric)::text END
    WHEN 'text' THEN left(repeat(md5(n::text), 80), CASE WHEN n % 5 = 0 THEN n % 2500 ELSE n % 40 END)
    WHEN 'varchar(200)' THEN left(repeat(md5(n::text), 8), n % 200)
    WHEN 'char(9)' THEN left(md5(n::text), n % 9)
    WHEN 'bytea' THEN '\x' || left(md5(n::text), n % 9 * 2)
    WHEN 'inet' THEN CASE WHEN n % 2 = 0 THEN '10.0.0.' || n % 256 ELSE 'fe80::' || n % 9999 || '/64' END
    WHEN 'varbit' THEN left((n::bit(31))::text, n % 31)
    WHEN 'point' THEN format('(%s,%s)', n, -n)
    WHEN 'jsonb' THEN json_build_object('k', n, 'a', json_build_array(n % 3, null, left(md5(n::text), n % 32)))::text
    WHEN 'int4[]' THEN (ARRAY[n, NULL, n % 5])[1 : n % 4]::text
    WHEN 'int4range' THEN format('[%s,%s)', n, n + n % 3)
  END
$$;

CREATE FUNCTION check_layout(seed int, rows int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  types text[] := ARRAY['bool', '"char"', 'int2', 'int4', 'int8', 'float4', 'float8', 'date', 'timestamptz', 'time', 'uuid',
    'macaddr', 'timetz', 'interval', 'tid', 'name', 'numeric', 'text', 'varchar(200)', 'char(9)', 'bytea', 'inet', 'varbit', 'point', 'jsonb', 'int4[]', 'int4range'];
  fixed int := 12;       -- of these, those of fixed length that come first
  shape int := seed % 4; -- columns: 0 of fixed length, 1 of fixed length but the last, 2 any, 3 any with NULLs
  keys text[] := ARRAY['int4', 'int8', 'text', 'uuid'];
  many int := 1 + floor(random() * 14);
  columns text := ''; names text := ''; values text := ''; key text := ''; type text; i int; at int;
  digest text; general text; aggregate text; found text; expected text;
BEGIN
  at := floor(random() * (many + 1));
  FOR i IN 0..many LOOP
    IF i = at AND seed % 5 > 0 THEN
      type := keys[seed / 4 % 4 + 1];
      columns := columns || format(', k%s %s', 4 + seed % 3, type);
      values := values || format(', %s', CASE type WHEN 'text' THEN 'md5(n::text)' WHEN 'uuid' THEN 'md5(n::text)::uuid' ELSE 'n' END);
      names := names || format(', k%s', 4 + seed % 3);
      key := format('k%s', 4 + seed % 3);
    END IF;
    type := types[1 + floor(random() * CASE WHEN shape = 0 OR (shape = 1 AND i < many) THEN fixed ELSE array_length(types, 1) END)];
    columns := columns || format(', %I %s', substr(md5((i * seed)::text), 1, 3) || i, type);
    names := names || format(', %I', substr(md5((i * seed)::text), 1, 3) || i);
    values := values || format(', %s value_of(%L, n + %s)::%s',
      CASE WHEN shape = 3 THEN format('CASE WHEN (n + %s) %% 10 > 0 THEN', i) ELSE '' END, type, i, type)
      || CASE WHEN shape = 3 THEN ' END' ELSE '' END;
  END LOOP;
  -- Two integers can be a key as well.
  IF key <> '' AND seed % 7 = 0 THEN
    columns := columns || ', k7 int8';
    names := names || ', k7';
    values := values || ', n % 3';
    key := key || ', k7';
  END IF;
  columns := substr(columns, 3); names := substr(names, 3); values := substr(values, 3);
  EXECUTE format('CREATE TABLE fast (%s)', columns);
  EXECUTE format('CREATE TABLE general (gone int, %s)', columns);
  ALTER TABLE general DROP COLUMN gone;
  EXECUTE format('INSERT INTO fast SELECT %s FROM generate_series(1, %s) AS n', values, rows);
  EXECUTE format('INSERT INTO general (%s) SELECT %s FROM fast', names, names);
  IF key <> '' THEN
    EXECUTE format('ALTER TABLE fast ADD PRIMARY KEY (%s)', key);
    EXECUTE format('ALTER TABLE general ADD PRIMARY KEY (%s)', key);
  END IF;
  -- Of a row that is older than a column.
  IF seed % 6 = 0 THEN
    ALTER TABLE fast ADD COLUMN zz_late text DEFAULT 'late';
    ALTER TABLE general ADD COLUMN zz_late text DEFAULT 'late';
  END IF;
  SELECT dr_fingerprint(t) INTO aggregate FROM fast AS t;
  digest := (dr_table_fingerprint('fast')).digest;
  general := (dr_table_fingerprint('general')).digest;
  SELECT b::text INTO found FROM dr._table_buckets('fast') AS b;
  SELECT b::text INTO expected FROM dr._table_buckets('general') AS b;
  DROP TABLE fast, general;
  IF digest = general AND digest = aggregate AND found = expected AND position(digest IN found) > 0 THEN RETURN 'same'; END IF;
  RETURN format('seed %s (%s): %s, general way %s, aggregate %s, buckets %s', seed, columns, digest, general, aggregate,
    CASE WHEN found = expected THEN 'same' ELSE 'different' END);
END $$;

\if :{?layouts}
\else
\set layouts 24
\endif
SELECT setseed(0.25);
SELECT result, count(*) FROM (SELECT check_layout(seed, 150) AS result FROM generate_series(1, :layouts) AS seed) AS r GROUP BY 1 ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA row_layouts CASCADE;
