#!/usr/bin/env bash
# restore --only: a table with its rows, whatever the functions call that its constraints and defaults call.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 50
sql shop "CREATE EXTENSION pgdr; CREATE EXTENSION citext; CREATE SCHEMA tools; CREATE ROLE clerk;
  CREATE TYPE tools.size AS ENUM ('s', 'm');
  CREATE FUNCTION tools.inner_check(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN length(t) < 100; END';
  CREATE FUNCTION tools.outer_check(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN tools.inner_check(t); END';
  CREATE SEQUENCE tools.numbers;
  CREATE FUNCTION tools.next_number() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN nextval(''tools.numbers''); END';
  CREATE FUNCTION tools.same(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT \$1 = \$2';
  CREATE OPERATOR tools.=== (FUNCTION = tools.same, LEFTARG = text, RIGHTARG = text);
  CREATE FUNCTION tools.by_operator(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN t OPERATOR(tools.===) t; END';
  CREATE FUNCTION tools.guarded() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
  REVOKE ALL ON FUNCTION tools.guarded() FROM PUBLIC; GRANT EXECUTE ON FUNCTION tools.guarded() TO clerk;
  CREATE FUNCTION tools.of_users(u users) RETURNS text LANGUAGE sql AS 'SELECT \$1::text';
  CREATE TABLE goods (id bigint PRIMARY KEY DEFAULT tools.next_number(), name text CHECK (tools.outer_check(name)), other text CHECK (tools.by_operator(other)),
    label citext, s tools.size);
  INSERT INTO goods (name, other, label, s) SELECT 'n' || i, 'o', 'L', 'm' FROM generate_series(1, 500) i;
  CREATE INDEX goods_checked ON goods (tools.outer_check(name));
  CREATE FUNCTION tools.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := NEW.name || ''!''; RETURN NEW; END';
  CREATE TRIGGER goods_stamp BEFORE INSERT ON goods FOR EACH ROW EXECUTE FUNCTION tools.stamp()" || die 'the schema is made'
sql shop "CREATE VIEW tools.seen AS SELECT id, name FROM goods; CREATE MATERIALIZED VIEW tools.inner_sums AS SELECT count(*) AS n FROM tools.seen;
  CREATE MATERIALIZED VIEW tools.sums AS SELECT n, (SELECT max(id) FROM goods) AS top FROM tools.inner_sums" || die 'views are made'
write_config shop
make_repository
exit_is 0 pgdr backup
for jobs in 1 2; do
  exit_is 0 pgdr restore latest --to only_$jobs --only goods --jobs $jobs
  like "$out" 'passed' 'the table is proven'
  is "$(sql only_$jobs 'SELECT count(*) FROM goods')" 500 'it has its rows'
  is "$(sql only_$jobs "INSERT INTO goods (name, other) VALUES ('x', 'y') RETURNING id || name")" '501x!' 'defaults, the sequence behind them, and triggers work'
  is "$(sql only_$jobs "SELECT has_function_privilege('public', 'tools.guarded()', 'EXECUTE') OR NOT has_function_privilege('clerk', 'tools.guarded()', 'EXECUTE')")" f \
    'a function is as closed as it was'
  is "$(sql only_$jobs "SELECT to_regclass('public.users') IS NULL AND to_regproc('tools.of_users') IS NULL")" t \
    'what needs a table that was not asked for stays away'
done
# That a part of it came back right proves no backup, and takes back nothing that was found wrong.
exit_is 0 pgdr list
unlike "$out" 'proven' 'a part proves no backup'
is "$(sql shop "SELECT actual IS NULL AND explanation LIKE 'No restored backup was ever verified%' FROM dr_status() WHERE objective = 'verified_age'")" t \
  'nor does it fulfil an objective'
sql shop "SELECT dr_objective_set('rto', '1 hour')" >/dev/null
is "$(sql shop "SELECT state FROM dr_status() WHERE objective = 'rto'")" unknown 'and says nothing of how long a restore takes'
sql only_1 'DELETE FROM goods WHERE id = 500'
is "$(sql shop "SELECT status FROM dr_verify_against('only_1') WHERE check_name = 'verdict'")" failed 'what is wrong in a part is wrong'
exit_is 0 pgdr restore latest --to only_3 --only goods
is "$(sql shop "SELECT state FROM dr_status() WHERE objective = 'verified_age'")" critical 'and stays so, whatever part comes back right'
# A materialized view has the rows of what it reads, and those are compared, too.
exit_is 0 pgdr restore latest --to only_4 --only tools.sums
is "$(sql only_4 'SELECT n, top FROM tools.sums')" '500|500' 'a materialized view comes with what it reads'
like "$out" 'only these relations were compared:.*goods' 'which is proven'
unlike "$out" warning 'and there is nothing to warn of'
# What cannot be compared is restored, and not proven.
exit_is 3 pgdr restore latest --to only_5 --only tools.seen
like "$err" 'restored, but not proven: no table was restored' 'of a view nothing is compared, and that is said'
exit_is 3 pgdr restore latest --to only_6 --only tools.numbers
is "$(sql only_6 'SELECT last_value FROM tools.numbers')" 500 'a sequence is restored, too'
done_testing
