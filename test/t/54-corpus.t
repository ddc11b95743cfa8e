#!/usr/bin/env bash
# PostgreSQL's own regression database and contrib's types survive pg_dump -Fc without a finding that is not a true difference.
# The other ways of dumping and restoring are in `script/check corpus`; what is expected, and why, in test/experiment/corpus.expected.
. "$(dirname "$0")/lib.sh"

capture "$top/test/experiment/corpus" custom
[ "$code" != 3 ] || skip_all "$(tail -1 <<<"$err")"
is "$code" 0 'each finding about the copies is a true difference, and is expected'
like "$out" 'custom +regression: [0-9]+ findings, 0 unexpected, 0 missing' 'the regression database'
like "$out" 'custom +contrib: [0-9]+ findings, 0 unexpected, 0 missing' 'the types of contrib'
[ "$code" = 0 ] || diag "$out"$'\n'"$err"

done_testing
