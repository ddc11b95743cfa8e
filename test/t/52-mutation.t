#!/usr/bin/env bash
# Random single damages to a restored copy: each is found and named (test/experiment/mutation runs thousands).
. "$(dirname "$0")/lib.sh"

# Another part of the experiment in every run; the seed that is printed repeats it.
seed=${MUTATION_SEED:-$(($(date +%s) % 1000000 * 1000))}
capture "$top/test/experiment/mutation" 100 "$seed"
diag "mutations from seed $seed on: $(tail -1 <<<"$out")"
is "$code" 0 "100 damages from seed $seed on are found and named"
[ "$code" = 0 ] || diag "$out" "$err"

# The experiment can fail: what a verification is told not to look at it does not find.
capture env MUTATION_OPTIONS='{"no_acl": true}' MUTATION_ONLY='privilege lost' "$top/test/experiment/mutation" 3 1
is "$code" 1 'a damage that is not found fails it'
like "$out" 'LOST.*privilege lost.*not found' 'and is printed with what was done'
done_testing
