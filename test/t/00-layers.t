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
allowed extension/pg.hpp '"postgres.h"'
allowed extension/core/a.hpp '"core/digest.hpp"'
refused tool/base/a.cpp '"pipe/age.hpp"'
refused tool/pipe/a.cpp '"store/store.hpp"'
refused tool/store/a.cpp '"db/connection.hpp"'
refused tool/app/a.cpp '"command/backup.hpp"'
refused tool/app/a.cpp '<libpq-fe.h>'
refused tool/db/a.cpp '"../pipe/age.hpp"'
refused extension/scan.cpp '"postgres.h"'
refused extension/core/a.cpp '"utils/rel.h"'
refused extension/core/a.cpp '<cstdio>'
refused tool/app/a.cpp '"postgres.h"'
done_testing
