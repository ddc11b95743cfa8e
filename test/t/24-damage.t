#!/usr/bin/env bash
# Damaged pages and deeply nested types end no server: test/experiment/damage (doc/verification.md) with one damage for each of its
# tables, and 80,000 domains over arrays of each other.
. "$(dirname "$0")/lib.sh"

# The same in every check, so that a failure is the change's; the experiment itself is run from other seeds.
seed=${DAMAGE_SEED:-20261127}
capture "$top/test/experiment/damage" 140 "$seed"
diag "damages from seed $seed on: $(tail -1 <<<"$out")"
is "$code" 0 "140 damages from seed $seed on are met with an error that says where, or with another digest"
[ "$code" = 0 ] || diag "$out" "$err"
like "$out" '[1-9][0-9]*	fingerprint error, SELECT ' 'and some of them were met'

# The experiment can fail.
capture env DAMAGE_INSTEAD="SELECT repeat('x', 3)" "$top/test/experiment/damage" 3 1
is "$code" 1 'a fingerprint that is another one than the snapshot takes fails it'

start_cluster
createdb nested
sql nested 'CREATE EXTENSION pgdr; CREATE ROLE nester LOGIN; GRANT CREATE ON SCHEMA public TO nester'
PGUSER=nester sql nested "CREATE DOMAIN d0 AS int"
PGUSER=nester sql nested "
DO \$\$ BEGIN
  FOR i IN 1..80000 LOOP
    EXECUTE format('CREATE DOMAIN d%s AS d%s[]', i, i - 1);
    IF i % 1000 = 0 THEN COMMIT; END IF;
  END LOOP;
END \$\$"
like "$(PGUSER=nester sql nested 'SELECT dr_fingerprint(ROW(NULL::d80000))')" '^pgdr1-xxh3:1:8:' 'NULL of a type nested 80,000 deep has a fingerprint'
like "$(PGUSER=nester sql nested "SELECT dr_fingerprint(ROW('{}'::d80000))")" '^pgdr1-xxh3:1:12:' 'so has an empty value'
is "$(server_log | grep -cE 'PANIC|TRAP|signal [0-9]+')" 0 'the server log is clean'
done_testing
