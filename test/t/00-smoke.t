#!/usr/bin/env bash
# The parts fit together: the server starts, the extension is created, the tool answers.
. "$(dirname "$0")/lib.sh"

start_cluster
make_db shop 50
ok 'the extension is created' sql shop 'CREATE EXTENSION pgdr'
is "$(sql shop "SELECT extversion FROM pg_extension WHERE extname = 'pgdr'")" 0.2.0 'its version'
is "$(sql shop 'SHOW listen_addresses')" '' 'the server listens on no TCP address'

exit_is 0 pgdr --version
like "$out" '0\.2\.0' 'the tool has the same version'
exit_is 0 pgdr --help
like "$out" 'backup' 'its help lists the commands'
exit_is 2 pgdr no-such-command

done_testing
