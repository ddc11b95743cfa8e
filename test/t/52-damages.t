#!/usr/bin/env bash
# Random damages by a program that knows PostgreSQL alone, and random documents: test/experiment/damages and test/fuzz/documents run hundreds.
. "$(dirname "$0")/lib.sh"

# The same in every check, so that a failure is the change's; the experiments themselves are run from other seeds.
seed=${DAMAGES_SEED:-20261127}
capture "$top/test/experiment/damages" 18 "$seed"
diag "damages from seed $seed on: $(tail -1 <<<"$out")"
is "$code" 0 "18 damages from seed $seed on are found and named, and what changes nothing passes"
[ "$code" = 0 ] || diag "$out" "$err"

capture "$top/test/fuzz/documents" 120 "$seed"
is "$code" 0 "no document, manifest or row of the catalog, changed from seed $seed on, ends a session or is an internal error"
[ "$code" = 0 ] || diag "$out" "$err"
done_testing
