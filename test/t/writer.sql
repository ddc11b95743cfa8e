-- One round of start_writers (pgbench): inserts, updates and deletes, keys kept, in short transactions.
\set r random(1, 1000000000)
BEGIN;
INSERT INTO users (mail, name, profile) VALUES (format('w%s-%s@example.org', :client, :r), 'writer', jsonb_build_object('r', :r))
ON CONFLICT DO NOTHING;
UPDATE users SET balance = balance + 0.01, profile = jsonb_build_object('r', :r) WHERE id = (SELECT min(id) + :r % 20 FROM users);
INSERT INTO events VALUES (:r, date '2024-11-01' + (:r % 900)::integer, 'w', NULL) ON CONFLICT DO NOTHING;
DELETE FROM events WHERE (id, at) IN (SELECT id, at FROM events WHERE kind = 'w' ORDER BY id LIMIT 1);
INSERT INTO writes_done DEFAULT VALUES;
END;
