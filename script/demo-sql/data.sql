-- The demo's rows, made in the server: :scale = 1 gives 635,000 rows and about 300 MB. The same every time.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET session_replication_role = replica; -- the data are consistent by construction; the foreign keys are checked at the end
SET max_parallel_workers_per_gather = 0;
BEGIN;

-- 4,000 sentences of 4 to 23 words, and paragraphs of 1 to 12 of them; every text below is put together from these.
CREATE TEMPORARY TABLE sentence AS
SELECT s AS n, string_agg(words.w[1 + abs(hashint4(s * 31 + k)) % array_length(words.w, 1)], ' ' ORDER BY k) || '. ' AS s
FROM generate_series(1, 4000) s,
     LATERAL generate_series(1, 4 + abs(hashint4(s)) % 20) k,
     (SELECT string_to_array('you are a careful editor who answers in short plain words and never invents a source given '
             'the following text list every claim it makes with the sentence that supports it then say which claims lack support '
             'if the question cannot be answered from the text say so politely explain each step before the result keep names '
             'numbers dates and units exactly as written translate into German (für Straße und Größe) summarise for a busy '
             'reader classify the ticket by urgency extract invoice totals as JSON return only the table do not apologise',
             ' ') AS w) words
GROUP BY s;
CREATE TEMPORARY TABLE paragraph AS
SELECT a.n, string_agg(b.s, E'\n' ORDER BY b.n) AS s
FROM sentence a JOIN sentence b ON b.n BETWEEN a.n AND a.n + abs(hashint4(a.n + 3)) % 12
GROUP BY a.n;
ANALYZE sentence, paragraph;

INSERT INTO users (id, email, name, credit, tags, settings, created_at, last_login)
SELECT i, format('%s.%s%s@example.org', lower(f), lower(l), i), f || ' ' || l, (abs(hashint4(i)) % 1000000) / 100.0,
       CASE i % 4 WHEN 0 THEN '{}' WHEN 1 THEN ARRAY['admin'] ELSE ARRAY['team-' || i % 37, 'beta'] END,
       jsonb_build_object('theme', (ARRAY['dark', 'light', 'auto'])[1 + i % 3], 'page_size', 10 + i % 90, 'mail', i % 2 = 0),
       timestamptz '2024-01-01 00:00Z' + i * interval '17 minutes',
       CASE WHEN i % 7 > 0 THEN timestamp '2026-06-01' + (abs(hashint4(i + 7)) % 10000000) * interval '1 second' END
FROM generate_series(1, (35000 * :scale)::int) i,
     LATERAL (SELECT (ARRAY['Ada', 'Grace', 'Edgar', 'Barbara', 'Michael', 'Zoë', 'Łukasz', 'Amina', 'Jim', 'Noor'])[1 + i % 10] AS f,
                     (ARRAY['Moreau', 'Okafor', 'Schmidt', 'Tanaka', 'Silva', 'Novák', 'Lindqvist'])[1 + i / 10 % 7] AS l) n;

INSERT INTO prompts (id, owner_id, title, status, labels, metadata, created_at, updated_at)
SELECT i, 1 + abs(hashint4(i)::bigint) % (35000 * :scale)::bigint, initcap(left(s.s, 50)) || ' #' || i,
       (ARRAY['draft', 'active', 'active', 'archived']::prompt_status[])[1 + i % 4], ARRAY['label-' || i % 113, 'lang:' || i % 5],
       jsonb_build_object('model', 'model-' || i % 9, 'limits', jsonb_build_object('tokens', 256 << (i % 5), 'cost', round((i % 500) / 100.0, 2)),
                          'reviewers', jsonb_build_array(i % 71, i % 97, NULL)),
       timestamptz '2025-01-01 00:00Z' + i * interval '5 minutes', timestamptz '2026-01-01 00:00Z' + i * interval '3 minutes'
FROM generate_series(1, (80000 * :scale)::int) i JOIN sentence s ON s.n = 1 + abs(hashint4(i + 1)) % 4000;

INSERT INTO prompt_versions (id, prompt_id, version, body, temperature, parameters, created_at)
SELECT i, 1 + (i - 1) / 3, 1 + (i - 1) % 3,
       s.s || p.s || CASE WHEN i % 400 = 0 THEN (SELECT string_agg(md5((i * 1000 + k)::text), '') FROM generate_series(1, 150) k) ELSE '' END,
       (i % 200) / 100.0, jsonb_build_object('top_p', round((i % 100) / 100.0, 2), 'stop', jsonb_build_array('END', i % 13), 'seed', hashint4(i)),
       timestamptz '2025-01-01 00:00Z' + i * interval '2 minutes'
FROM generate_series(1, (240000 * :scale)::int) i
  JOIN sentence s ON s.n = 1 + abs(hashint4(i)) % 4000
  JOIN paragraph p ON p.n = 1 + abs(hashint4(i + 17)) % 4000;

INSERT INTO test_runs (id, version_id, started_at, outcome, score, latency, token_counts, response)
SELECT i, 1 + abs(hashint4(i)::bigint) % (240000 * :scale)::bigint,
       timestamptz '2025-12-20 00:00Z' + (abs(hashint4(i + 11)) % 28000000) * interval '1.1 second',
       (ARRAY['passed', 'passed', 'passed', 'failed', 'passed', 'error']::outcome[])[1 + i % 6],
       CASE WHEN i % 6 < 5 THEN (abs(hashint4(i + 5)) % 100000) / 1000.0 END, (200 + i % 9000) * interval '1 millisecond',
       ARRAY[i % 4096, i % 977, NULL], a.s || b.s
FROM generate_series(1, (280000 * :scale)::int) i
  JOIN sentence a ON a.n = 1 + abs(hashint4(i + 2)) % 4000
  JOIN sentence b ON b.n = 1 + abs(hashint4(i + 9)) % 4000;

COMMIT;

-- After the load: indexes, and sequences behind their tables' last rows.
CREATE INDEX prompts_owner_idx ON prompts (owner_id);
CREATE INDEX prompts_metadata_idx ON prompts USING gin (metadata jsonb_path_ops);
CREATE INDEX test_runs_version_idx ON test_runs (version_id);
CREATE INDEX test_runs_2026_q3_failed_idx ON test_runs_2026_q3 (version_id, score) WHERE outcome = 'failed';
SELECT setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users)),
       setval(pg_get_serial_sequence('prompts', 'id'), (SELECT max(id) FROM prompts)),
       setval(pg_get_serial_sequence('prompt_versions', 'id'), (SELECT max(id) FROM prompt_versions)),
       setval('test_run_number', (SELECT max(id) FROM test_runs)) \g /dev/null
ANALYZE;

DO $$
BEGIN
  IF EXISTS (SELECT FROM prompts p WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = p.owner_id))
     OR EXISTS (SELECT FROM prompt_versions v WHERE NOT EXISTS (SELECT FROM prompts p WHERE p.id = v.prompt_id))
     OR EXISTS (SELECT FROM test_runs r WHERE NOT EXISTS (SELECT FROM prompt_versions v WHERE v.id = r.version_id)) THEN
    RAISE 'the generated rows break a foreign key';
  END IF;
END $$;
