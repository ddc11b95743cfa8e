#!/usr/bin/env bash
# Fingerprints under one exported snapshot are equal, however they are taken and whoever writes meanwhile. A hundred rounds:
# test/experiment/concurrency (doc/verification.md).
. "$(dirname "$0")/lib.sh"

start_cluster main --fresh max_worker_processes=24 max_parallel_workers=20 shared_buffers=64MB autovacuum_naptime=1s
capture "$top/test/experiment/concurrency" 3
is "$code" 0 'serial, parallel, aggregate and direct readings of one snapshot are equal in three rounds' || true
[ "$code" = 0 ] || diag "$out $err"
like "$out" '3 rounds, 16 writers, 90 digests and 126 row counts compared, 0 failures; in 3 rounds the tables changed' 'and writers were busy'
is "$(server_log | grep -cE 'PANIC|leak|TRAP|signal [0-9]+')" 0 'the server log is clean'
done_testing
