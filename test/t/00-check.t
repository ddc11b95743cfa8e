#!/usr/bin/env bash
# The closing line of `make check`: what the logs of its steps say of passed, failed and skipped tests, and that a step without any
# test is no success. The logs are made by the programs that make them in earnest, where they are small.
needs_parts=no
. "$(dirname "$0")/lib.sh"

said=''
numbers() { # numbers STEP STATUS < LOG: sets $said to the answer, in one line
  cat >"$T/log"
  said=$("$top/script/check-numbers" "$1" "$T/log" "$2" | paste -sd '|')
}

# --- GoogleTest and ctest ---------------------------------------------------------------------------------------------------------

numbers unit 0 <<'LOG'
[==========] 512 tests from 60 test suites ran. (812 ms total)
[  PASSED  ] 512 tests.
1: [  PASSED  ] 1 test.
100% tests passed, 0 tests failed out of 3
LOG
is "$said" '513 0 0' 'GoogleTest, all passed'
numbers unit 0 <<'LOG'
/src/test/unit/store_local_test.cpp:213: Skipped
root reads everything
[==========] 511 tests from 60 test suites ran. (812 ms total)
[  PASSED  ] 500 tests.
[  SKIPPED ] 1 test.
2: /src/test/sftp/sftp_fault_test.cpp:257: Skipped
2: no right to mount a small file system
2: [  PASSED  ] 10 tests.
2: [  SKIPPED ] 1 test, listed below:
2: [  SKIPPED ] SftpFault.Full
LOG
is "$said" '510 0 2|root reads everything|no right to mount a small file system' 'GoogleTest, skipped with their reasons'
numbers sanitize 1 <<'LOG'
[==========] 13 tests from 2 test suites ran. (1 ms total)
[  PASSED  ] 10 tests.

 3 FAILED TESTS
LOG
is "$said" '10 3 0' 'GoogleTest, failures'
numbers unit 8 <<'LOG'
[  PASSED  ] 10 tests.
50% tests passed, 1 tests failed out of 3
The following tests did not run:
	  3 - rclone (Skipped)
The following tests FAILED:
	  2 - s3_server (SEGFAULT)
LOG
is "$said" '10 1 1|rclone' 'ctest: one died, one was skipped'
numbers sanitize 0 <<'LOG'
[  PASSED  ] 12 tests.
ok manifest       seed 7: 5 of the corpus, 2000 changed, 1.0 s
ok s3_xml         seed 7: 9 of the corpus, 2000 changed, 1.0 s
LOG
is "$said" '14 0 0' 'fuzz targets count'

# --- prove, the real one ----------------------------------------------------------------------------------------------------------

test_file() { # test_file NAME LINE…
  mkdir -p "$T/files"
  printf '%s\n' '#!/bin/sh' "${@:2}" >"$T/files/$1.t"
  chmod +x "$T/files/$1.t"
}
proved() { # proved: sets $said to what check-numbers says of a run of prove over them
  local status=0
  (cd "$T" && prove -j2 --timer --directives files) >"$T/prove" 2>&1 || status=$?
  numbers e2e $status <"$T/prove"
}
test_file a 'echo 1..2; echo ok 1 - one; echo ok 2 - two'
proved
is "$said" '2 0 0' 'two passed'
test_file b 'echo 1..3; echo ok 1; echo "ok 2 # SKIP no mounts here"; echo "ok 3 - two # SKIP no mounts here"'
test_file c 'echo "1..0 # SKIP no sshd here"'
proved
is "${said%%|*}" '3 0 3' 'single tests and a whole file were skipped'
like "$said" 'no mounts here.*no sshd here|no sshd here.*no mounts here' 'with both reasons'
test_file d 'echo 1..3; echo ok 1; echo not ok 2; echo not ok 3'
proved
is "${said%%|*}" '4 2 3' 'two failed'
test_file e 'echo 1..9; echo ok 1' # died early
proved
is "${said%%|*}" '5 3 3' 'a file that died is one more failure'

# --- pg_regress -------------------------------------------------------------------------------------------------------------------

numbers regress 0 <<'LOG'
test counts                       ... ok           12 ms
test parallel                     ... ok          340 ms
     fingerprint                  ... ok           33 ms
LOG
is "$said" '3 0 0' 'pg_regress until 15'
numbers regress 2 <<'LOG'
test counts                       ... ok           12 ms
test parallel                     ... FAILED      340 ms
LOG
is "$said" '1 1 0' 'pg_regress until 15, a failure'
numbers majors 0 <<'LOG'
ok 1         - counts                                     12 ms
ok 2         - parallel                                  340 ms
LOG
is "$said" '2 0 0' 'pg_regress since 16'

# --- what must not be green -------------------------------------------------------------------------------------------------------

for step in unit sanitize e2e regress; do
  numbers $step 0 <<<'make: nothing to be done'
  is "$said" '0 1 0' "$step: a log without a test is a failure"
  numbers $step 0 </dev/null
  is "$said" '0 1 0' "$step: so is an empty one"
  numbers $step 2 </dev/null
  is "$said" '0 1 0' "$step: and one that failed before any test"
done
numbers unit 1 <<<'[  PASSED  ] 10 tests.'
is "$said" '10 1 0' 'a step that failed has a failure, whatever its log says'
numbers tidy 0 </dev/null
is "$said" '1 0 0' 'a check without tests of its own counts as one'
numbers tidy 1 <<<'x.cpp:1: error'
is "$said" '0 1 0' 'and fails as one'
not_ok 'a log that is not there is no number' "$top/script/check-numbers" unit "$T/nowhere" 0
like "$("$top/script/check" layers 2>&1 | tail -1)" '^1 passed, 0 failed, 0 skipped$' 'the closing line'

done_testing
