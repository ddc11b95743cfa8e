#!/usr/bin/env bash
# Databases in other encodings than UTF-8: backed up, restored and proven.
. "$(dirname "$0")/lib.sh"
start_cluster
make_key
make_repository
for encoding in EUC_JP LATIN1 SQL_ASCII EUC_KR WIN1251; do
  name="db_${encoding,,}"
  createdb -E "$encoding" -T template0 --locale=C "$name" || die "a database in $encoding is made"
  case $encoding in
    EUC_JP) text='注文' ;;
    EUC_KR) text='주문' ;;
    WIN1251) text='Заказ' ;;
    *) text='café' ;;
  esac
  export PGCLIENTENCODING=UTF8
  sql "$name" "CREATE EXTENSION pgdr" || die "the extension is created in $encoding"
  sql "$name" "CREATE TABLE \"$text\" (id integer PRIMARY KEY, \"$text\" text DEFAULT '$text'); INSERT INTO \"$text\" VALUES (1), (2);
    COMMENT ON TABLE \"$text\" IS '$text'; CREATE FUNCTION f() RETURNS text LANGUAGE sql AS \$\$SELECT '$text'::text\$\$;
    CREATE VIEW v AS SELECT * FROM \"$text\" WHERE \"$text\" = '$text'"
  unset PGCLIENTENCODING
  write_config "$name"
  exit_is 0 pgdr doctor
  unlike "$out" 'FAIL' "doctor, $encoding"
  exit_is 0 pgdr backup
  exit_is 0 pgdr restore latest --to copy
  is "$(PGCLIENTENCODING=UTF8 sql copy "SELECT \"$text\", f(), (SELECT count(*) FROM v) FROM \"$text\" WHERE id = 1")" "$text|$text|2" "texts came back in $encoding"
  is "$(sql copy "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'copy'")" "$encoding" 'so did the encoding'
  exit_is 0 pgdr verify latest --deep
  sql postgres 'DROP DATABASE copy'
done
done_testing
