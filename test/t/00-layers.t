#!/usr/bin/env bash
# script/check-layers accepts what is allowed and finds each kind of violation.
needs_parts=no
. "$(dirname "$0")/lib.sh"

tree() { # tree FILE INCLUDE: a tree of one such file
  rm -rf "$T/tree"
  mkdir -p "$T/tree/$(dirname "$1")"
  printf '#include %s\n' "$2" >"$T/tree/$1"
}
allowed() {
  tree "$1" "$2"
  exit_is 0 "$top/script/check-layers" "$T/tree"
}
refused() {
  tree "$1" "$2"
  capture "$top/script/check-layers" "$T/tree"
  like "$code $out" "^1 $1:1: " "$1 may not include $2"
}

allowed tool/app/a.cpp '"store/store.hpp"'
allowed tool/command/a.cpp '"app/backup.hpp"'
allowed tool/db/a.cpp '<libpq-fe.h>'
allowed extension/base/pg.hpp '"postgres.h"'
allowed extension/core/a.hpp '"core/digest.hpp"'
refused tool/base/a.cpp '"pipe/age.hpp"'
refused tool/pipe/a.cpp '"store/store.hpp"'
refused tool/store/a.cpp '"db/connection.hpp"'
refused tool/app/a.cpp '"command/backup.hpp"'
refused tool/app/a.cpp '<libpq-fe.h>'
refused tool/db/a.cpp '"../pipe/age.hpp"'
refused extension/engine/scan.cpp '"postgres.h"'
refused extension/encode/a.cpp '"compare/difference_plan.hpp"'
refused extension/encode/deep/er/a.cpp '"compare/difference_plan.hpp"'
allowed extension/compare/a.cpp '"encode/plan.hpp"'
allowed extension/foreign/reading/a.cpp '"engine/engine.hpp"'
refused extension/foreign/a.cpp '"engine/engine.hpp"'
allowed tool/app/backup/a.cpp '"app/restore/restore.hpp"'
refused tool/repo/a.cpp '"app/restore/restore.hpp"'
refused tool/store/s3/a.cpp '"repo/manifest.hpp"'
allowed tool/store/s3/a.cpp '"net/http.hpp"'
refused tool/store/s3/a.cpp '<curl/curl.h>'
refused tool/store/s3/a.cpp '"engine/engine.hpp"'
refused tool/attic/a.cpp '<string>'
refused extension/attic/a.cpp '<string>'
refused extension/core/a.cpp '"utils/rel.h"'
refused extension/core/a.cpp '<cstdio>'
refused tool/app/a.cpp '"postgres.h"'

# Text leaves the tool in one place.
line() { # line FILE TEXT: a tree of one such file
  rm -rf "$T/tree"
  mkdir -p "$T/tree/$(dirname "$1")"
  printf '%s\n' "$2" >"$T/tree/$1"
}
for text in 'std::cout << name;' 'std::cerr << name;' '(void)std::fwrite(p, 1, n, stdout);' 'fprintf(stderr, "%s", name);' \
  'printf("%s", name);' '::write(STDERR_FILENO, p, n);' 'write(2, p, n);' 'perror(name);' 'fmt::print("{}", name);'; do
  line tool/app/a.cpp "$text"
  capture "$top/script/check-layers" "$T/tree"
  like "$code $out" '^1 tool/app/a.cpp:1: ' "not outside of tool/base/output.cpp: $text"
  line tool/base/output.cpp "$text"
  exit_is 0 "$top/script/check-layers" "$T/tree"
done
for text in '// to stdout' 'run("pg_dump --stdout");' 'isatty(STDERR_FILENO);' 'write(fd.get(), p, n);'; do
  line tool/app/a.cpp "$text"
  exit_is 0 "$top/script/check-layers" "$T/tree"
done
done_testing
