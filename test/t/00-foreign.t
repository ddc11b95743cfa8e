#!/usr/bin/env bash
# script/check-foreign finds whatever may run code of foreign objects outside the one place, and takes a mark with a reason.
needs_parts=no
. "$(dirname "$0")/lib.sh"

tree() { # tree FILE TEXT: a tree of one such file
  rm -rf "$T/tree"
  mkdir -p "$T/tree/$(dirname "$1")"
  printf '%s\n' "$2" >"$T/tree/$1"
}
allowed() {
  tree "$1" "$2"
  capture "$top/script/check-foreign" "$T/tree"
  is "$code" 0 "allowed: ${2//$'\n'/ }"
}
refused() {
  tree "$1" "$2"
  capture "$top/script/check-foreign" "$T/tree"
  like "$code $out" "^1 $1:[0-9]+: may run foreign code" "refused: ${2//$'\n'/ }"
}

for call in 'SPI_execute("SELECT 1", true, 0);' 'SPI_execute_with_args(sql, 0);' 'SPI_prepare(sql, 0, nullptr);' 'SPI_cursor_open(nullptr, plan);' \
  'text = OidOutputFunctionCall(output, value);' 'OutputFunctionCall(&f, value);' 'OidInputFunctionCall(f, text, 0, -1);' 'FunctionCall2(&f, a, b);' \
  'OidFunctionCall1(f, a);' 'DirectFunctionCall1(jsonb_in, a);' 'FunctionCall1Coll(&f, 0, a);' 'FunctionCallInvoke(call);' 'pg_parse_query(sql);' \
  'raw_parser(sql);' 'transformStmt(state, raw);' 'transformExpr(state, raw, kind);' 'stringToNode(text);' 'deparse_expression(node, NIL, false, false);' \
  'ExecInitExpr(node, nullptr);' 'fmgr_info(f, &info);' 'eval_const_expressions(nullptr, node);'; do
  refused extension/a.cpp "$call"
  allowed extension/a.cpp "// foreign: none, because it is the server's own.
$call"
done
refused extension/a.hpp 'SPI_execute(sql, true, 0);'
refused extension/a.cpp 'SPI_execute(sql, true, 0);  // foreign: fine'
allowed extension/a.cpp 'SPI_execute(sql, true, 0);  // foreign: none, because it reads catalogs'
refused extension/a.cpp '// foreign: none, because it reads catalogs

SPI_execute(sql, true, 0);'
allowed extension/a.cpp '// SPI_execute(sql)'
allowed extension/a.cpp 'const char* text = "SPI_execute(sql)";'
allowed extension/a.cpp 'Datum f(FunctionCallInfo fcinfo) { return SPI_processed; }'
refused extension/sql/1.sql "  EXECUTE format('SELECT last_value FROM %s', name) INTO n;"
refused extension/sql/1.sql "  FOR r IN EXECUTE 'SELECT 1' LOOP"
refused extension/sql/1.sql "  EXECUTE query;"
refused extension/sql/1.sql "  SELECT query_to_xml(q, false, false, '');"
refused extension/sql/upgrade/1--2/1-before.sql "  EXECUTE query;"
allowed extension/sql/1.sql "  GRANT EXECUTE ON FUNCTION f() TO PUBLIC;"
allowed extension/sql/1.sql "  -- EXECUTE query;"
allowed extension/sql/1.sql "  EXECUTE query; -- foreign: none, because nothing of it is a name"
allowed extension/sql/1.sql "-- foreign: none, because GRANT runs no code.
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
  EXECUTE query;
END
\$\$;"
refused extension/sql/1.sql "-- foreign: none, because GRANT runs no code.
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
END
\$\$;
CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
  EXECUTE query;
END
\$\$;"
rm -rf "$T/tree" && mkdir "$T/tree"
capture "$top/script/check-foreign" "$T/tree"
is "$code" 1 'a tree without files is no success'
exit_is 0 "$top/script/check-foreign"
done_testing
