-- One round of a background writer (pgbench): what an application does all day, in one transaction.
\set user random(1, 30000)
\set prompt random(1, 60000)
\set run random(1, 200000)
BEGIN;
UPDATE users SET last_login = clock_timestamp()::timestamp, credit = credit + 0.01 WHERE id = :user;
INSERT INTO users (email, name) VALUES (format('new-%s-%s@example.org', pg_backend_pid(), txid_current()), 'New User');
WITH p AS (INSERT INTO prompts (owner_id, title) VALUES (:user, 'Written during the backup') RETURNING id),
     v AS (INSERT INTO prompt_versions (prompt_id, version, body, temperature) SELECT id, 1, repeat('new text ', 20), 0.7 FROM p RETURNING id)
INSERT INTO test_runs (version_id, started_at, outcome, score) SELECT id, '2026-11-01 12:00Z', 'passed', 99.5 FROM v;
UPDATE prompts SET status = 'active', metadata = metadata || '{"touched": true}' WHERE id = :prompt;
DELETE FROM test_runs WHERE id = :run;
END;
