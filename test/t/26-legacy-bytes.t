#!/usr/bin/env bash
# Bytes that are no UTF-8, in names, comments, bodies, defaults, labels and values: what the extension makes of them in SQL.
PGDR_BIN=${PGDR_BIN:-/bin/true}
. "$(dirname "$0")/lib.sh"
start_cluster
export PGCLIENTENCODING=SQL_ASCII
e=$'\xe9'                                    # an é of LATIN1
cut=$(printf 'é%.0s' {1..40})                # 80 bytes: the server cuts it at 63, within a character
make_database() { createdb -E "$2" -T template0 --locale=C "$1" && sql "$1" 'CREATE EXTENSION pgdr' || die "database $1 in $2"; }
findings() { sql "$1" "SELECT status, object_type, object, check_name, expected, actual FROM dr_verify_against('$2'${3:+, $3}) WHERE status <> 'info'" 2>&1; }
is_utf8() { ok "$2 is UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null <<<"$1"; }
fill() {
  sql "$1" "CREATE SCHEMA \"s$e\"; CREATE TYPE \"s$e\".mood AS ENUM ('fin$e', 'ok');
    CREATE TABLE \"s$e\".\"t$e\" (\"id$e\" integer PRIMARY KEY, note text DEFAULT 'd$e', mood \"s$e\".mood);
    CREATE TABLE \"t<E9>\" (id integer PRIMARY KEY, note text DEFAULT 'caf<E9>');
    CREATE TABLE \"$cut\" (id serial PRIMARY KEY, note text);
    CREATE TABLE \"p$e\" (id integer PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE \"p$e-1\" PARTITION OF \"p$e\" FOR VALUES FROM (1) TO (1000);
    INSERT INTO \"s$e\".\"t$e\" SELECT i, 'v$e' || i, 'fin$e' FROM generate_series(1, 50) AS i;
    INSERT INTO \"t<E9>\" VALUES (1); INSERT INTO \"$cut\" (note) VALUES ('é'); INSERT INTO \"p$e\" SELECT generate_series(1, 60);
    CREATE SEQUENCE \"q$e\"; COMMENT ON TABLE \"s$e\".\"t$e\" IS 'note $e'; COMMENT ON TABLE \"t<E9>\" IS 'café';
    CREATE FUNCTION f() RETURNS text LANGUAGE sql AS \$\$SELECT 'body $e'::text\$\$" >/dev/null 2>&1 || die "legacy bytes in $1"
}

make_database legacy SQL_ASCII
fill legacy
snapshot() { sql "$1" 'SELECT dr_snapshot_counts(content => true)' >"$T/number" && PGCLIENTENCODING=UTF8 sql "$1" "SELECT dr_snapshot_document($(cat "$T/number"))"; }
quoted() { printf "'%s'" "$(sed "s/'/''/g" <<<"$document")"; }
document=$(snapshot legacy)
is_utf8 "$document" 'the document of a SQL_ASCII database'
is "$(jq -r .escaped <<<"$document")" true 'it says that it is escaped'
is "$(jq -r '.relations[] | select(.schema | startswith("s")) | .schema + "." + .name' <<<"$document")" 's<E9>.t<E9>' 'names have the visible form'
is "$(jq -r '.relations[].name | select(startswith("t<"))' <<<"$document" | sort | paste -sd' ')" 't<3C>E9> t<E9>' 'what looks escaped is escaped itself'
like "$(jq -r '.relations[].name' <<<"$document" | paste -sd' ')" ' é{31}<C3> ' 'a name cut within a character'
like "$document" 'body <E9>' 'function bodies'
like "$document" 'note <E9>' 'comments'
like "$document" "d<E9>" 'defaults'
like "$document" "fin<E9>" 'enum labels'
is "$(jq -r '.objects[] | select(.facet == "comment" and .identity == "public.\"t<3C>E9>\"") | .definition' <<<"$document")" 'café' 'UTF-8 stays as it is'
is "$(sql legacy "SELECT length(dr._seal($(quoted), sha256('key')))")" 64 'it is sealed'
is "$(sql legacy "SELECT count(DISTINCT dr._escape_bytes(t, true)) FROM unnest(ARRAY['$e', '<E9>', '<3C>E9>', '<<E9>', '<${e}E9>']) AS t")" 5 'different texts have different forms'
is "$(sql legacy "SELECT count(*) FROM generate_series(128, 255) AS i WHERE dr._escape_bytes(convert_from(set_byte('x', 0, i), 'SQL_ASCII'), true) = format('<%s>', upper(to_hex(i)))")" 128 'every byte has a form'
is "$(sql legacy "SELECT bool_and(dr._unescape_bytes(dr._escape_bytes(t, true)) = t) FROM unnest(ARRAY['a', '$e', '<E9>', '<3C>E9>', '<<E9>', '<${e}E9>', 'é', '<E9', '<e9>', '$e>']) AS t")" t 'and each comes back'

# A copy of it, and what changes in one.
sql postgres 'CREATE DATABASE copy TEMPLATE legacy' || die 'a copy'
is "$(findings legacy copy)" 'passed|database|copy|verdict|the live database legacy|' 'a copy is identical to the live database'
is "$(findings legacy copy 1)" 'passed|database|copy|verdict|snapshot 1|' 'and to the snapshot'
is "$(sql legacy "SELECT status FROM dr_verify_snapshot($(quoted)) WHERE check_name = 'verdict'")" passed 'the document verifies its database'
is "$(sql legacy "SELECT status FROM dr_verify_against('copy', options => '{\"only\": [\"s<E9>.t<E9>\"]}') WHERE check_name = 'verdict'")" passed 'a table is named as the document writes it'
is "$(sql legacy "SELECT status FROM dr_verify_against('copy', options => '{\"only\": [\"s$e.t$e\"]}') WHERE check_name = 'verdict'")" passed 'or in its own bytes'
sql copy "UPDATE \"s$e\".\"t$e\" SET note = 'v'||chr(1) || convert_from('\\xe8', 'SQL_ASCII') WHERE \"id$e\" = 7; COMMENT ON TABLE \"s$e\".\"t$e\" IS 'note '; COMMENT ON TABLE \"t<E9>\" IS 'cafe';
  ALTER TABLE \"t<E9>\" ALTER note SET DEFAULT 'caf$e'; DELETE FROM \"p$e\" WHERE id = 9" || die 'damage'
out=$(PGCLIENTENCODING=UTF8 findings legacy copy)
is_utf8 "$out" 'the findings'
like "$out" 'mismatch\|table\|"s<E9>"\."t<E9>"\|content' 'a changed byte in a value is found, and its table named'
like "$out" '\|"s<E9>"\."t<E9>"\|comment\|note <E9>\|note ' 'so is one in a comment'
like "$out" "public\.\"t<3C>E9>\"\.note\|definition\|.*'caf<3C>E9>'.*\|.*'caf<E9>'" 'a byte and what it is shown as are told apart'
like "$out" '"p<E9>-1"\|rows' 'a row of a partition is missed'
out=$(PGCLIENTENCODING=UTF8 sql legacy "SELECT side, key, column_name, expected, actual FROM dr_differences('copy', convert_from('\\x2273e9222e2274e922', 'SQL_ASCII'))" 2>&1)
like "$out" '\(7\)|7' 'the row is named'
like "$out" 'note\|v<E9>7\|' 'its column and its values'
is_utf8 "$out" 'what differs'
background_ok=$(sql legacy "SELECT string_agg(detail, ' ') FROM dr_differences('copy', '\"p$e\"')" 2>&1)
unlike "$background_ok" 'does not have this relation' 'a partitioned table has its baseline'
out=$(PGCLIENTENCODING=UTF8 sql copy "SELECT side, key, column_name, expected, actual, detail FROM dr_differences_snapshot($(quoted), convert_from('\\x2273e9222e2274e922', 'SQL_ASCII'))" 2>&1)
unlike "$out" 'does not have this relation|ERROR' 'a document has its relation'
like "$out" '\b7\b' 'and its row in the differing bucket'
out=$(sql copy "SELECT detail FROM dr_differences_snapshot($(quoted), 'public.\"t<E9>\"')" 2>&1)
unlike "$out" 'does not have this relation|ERROR' 'one that looks escaped is found as itself'

out=$(PGCLIENTENCODING=UTF8 sql legacy "SELECT count(*) FILTER (WHERE detail LIKE '%differ%') FROM dr_differences_snapshot($(quoted), convert_from('\\x2273e9222e2274e922', 'SQL_ASCII'))" 2>&1)
is "$out" 0 'nothing differs in the database itself'

# The mark of a restore leads to the backup's snapshot.
label=20261121T020000Z-9f3c
sql legacy "SELECT dr_backup_start('$label', 'main');
  SELECT dr_backup_finish('$label', 1, now(), now(), '{\"label\": \"$label\"}')" >/dev/null || die 'a backup is recorded'
sql postgres "ALTER DATABASE copy SET pgdr.origin = '{\"label\": \"$label\"}'"
for table in "\"s$e\".\"t$e\"" "\"p$e\"" 'public."t<E9>"'; do
  is "$(sql legacy "SELECT string_agg(coalesce(problem, 'usable'), ' ') FROM dr._target_baseline('copy', '$table', NULL)")" usable "the backup's snapshot has $(iconv -f LATIN1 -t UTF-8 <<<"$table")"
done

# Texts of failures, whatever they are made of.
sql legacy "SELECT dr_event_record('error', 'something_failed', 'caf$e closed', jsonb_build_object('why', 'x$e'), 'set$e');
  SELECT dr_run_failed('verify', 'no $e', 'main');
  SELECT dr_backup_start('20261122T020000Z-9f3c', 'main'); SELECT dr_backup_fail('20261122T020000Z-9f3c', 'bad $e');
  SELECT dr_restore_finish(dr_restore_start('$label', 'copy$e', 'host$e', '{\"x\": \"$e\"}'), 'failed', error => 'lost $e');
  SELECT dr_copy_record('$label', 'main', '/x', 'damaged', error => 'gone $e');
  SELECT dr_snapshot_counts(label => 'mark $e', content => true, sequences => dr._collect_sequences())" >/dev/null 2>"$T/err" || fail 'everything is recorded' "$(cat -v "$T/err")"
out=$(PGCLIENTENCODING=UTF8 sql legacy "SELECT message, detail, set_name FROM dr.events; SELECT error FROM dr.backups; SELECT target, server, options, error FROM dr.restores;
  SELECT error FROM dr.copies; SELECT label FROM dr.snapshots; SELECT * FROM dr_status(); SELECT * FROM dr_check_integrity('data'); SELECT * FROM dr_detect_loss(); SELECT * FROM dr_snapshot_changes(1, 2)" 2>&1) || fail 'all is read by a UTF-8 client' "$out"
is_utf8 "$out" 'what was recorded'
for text in 'caf<E9> closed' '"why": "x<E9>"' 'set<E9>' 'no <E9>' 'bad <E9>' 'copy<E9>\|host<E9>' 'lost <E9>' 'gone <E9>' 'mark <E9>'; do
  like "$out" "$text" "recorded: $text"
done
PGCLIENTENCODING=UTF8 sql legacy 'SELECT * FROM dr.verifications, dr.verification_findings' >/dev/null 2>"$T/err" && pass 'verifications are read' || fail 'verifications are read' "$(cat "$T/err")"

# SQL_ASCII and UTF8: the same text is equal, whatever else differs is said.
make_database ascii SQL_ASCII
make_database unicode UTF8
for db in ascii unicode; do
  PGCLIENTENCODING=UTF8 sql "$db" "CREATE TABLE \"café\" (id integer PRIMARY KEY, note text DEFAULT 'caf<E9>'); COMMENT ON TABLE \"café\" IS '注文 <DD>'; INSERT INTO \"café\" VALUES (1)"
done
for pair in 'ascii unicode' 'unicode ascii'; do
  set -- $pair
  is "$(findings "$1" "$2" | grep -v verdict)" "mismatch|database|$2|encoding|$(sql "$1" 'SELECT getdatabaseencoding()')|$(sql "$2" 'SELECT getdatabaseencoding()')" "$1 and $2: the encoding alone differs"
done
sql ascii "COMMENT ON TABLE \"café\" IS 'caf$e'; ALTER TABLE \"café\" ALTER note SET DEFAULT 'caf$e'"
for pair in 'ascii unicode' 'unicode ascii'; do
  set -- $pair
  like "$(PGCLIENTENCODING=UTF8 findings "$1" "$2")" 'café".note\|definition\|.*caf<.*caf<' "$1 and $2: a byte and what it is shown as differ"
done
document=$(snapshot unicode)
is "$(jq 'has("escaped")' <<<"$document")" false 'nothing is escaped in a UTF-8 database'
like "$document" "'caf<E9>'" 'nor what looks like it'

# Other encodings: converted; a byte without a counterpart in Unicode has the same form.
for encoding in EUC_JP LATIN1 WIN1252; do
  name=db_${encoding,,}
  make_database "$name" "$encoding"
  case $encoding in EUC_JP) text='注文' ;; *) text='café' ;; esac
  PGCLIENTENCODING=UTF8 sql "$name" "CREATE TABLE \"$text\" (id integer PRIMARY KEY, \"$text\" text DEFAULT '$text'); INSERT INTO \"$text\" VALUES (1), (2);
    COMMENT ON TABLE \"$text\" IS '$text <DD>'; CREATE FUNCTION f() RETURNS text LANGUAGE sql AS \$\$SELECT '$text'::text\$\$"
  out=$(snapshot "$name" 2>&1)
  is "$(jq -r '.relations[0] | .name' <<<"$out")" "$text" "a document of $encoding has the name"
  sql postgres "CREATE DATABASE copy_$name TEMPLATE $name"
  is "$(findings "$name" "copy_$name" 1)" "passed|database|copy_$name|verdict|snapshot 1|" "$encoding is verified"
  PGCLIENTENCODING=UTF8 sql "copy_$name" "COMMENT ON TABLE \"$text\" IS '$text'; UPDATE \"$text\" SET \"$text\" = 'x' WHERE id = 2"
  like "$(PGCLIENTENCODING=UTF8 findings "$name" "copy_$name" 1)" "$text.*\|content" "$encoding: a changed row is found"
  like "$(PGCLIENTENCODING=UTF8 sql "$name" "SELECT * FROM dr_differences('copy_$name', '\"$text\"')")" "$text" "$encoding: and named"
done
if [ "$(sql postgres 'SHOW server_version_num')" -ge 140000 ]; then
  PGCLIENTENCODING=WIN1252 sql db_win1252 "$(printf "COMMENT ON FUNCTION f() IS 'hole \x81'")"
  out=$(snapshot db_win1252 2>&1)
  like "$out" 'hole <81>' 'a byte without a counterpart'
  like "$out" 'café' 'beside others'
fi

# Keyed, in a database whose own name has such a byte, and read in databases of other encodings.
sql ascii "CREATE DATABASE \"db$e\" TEMPLATE legacy" || die 'a database with a name of such bytes'
is "$(sql "db$e" "SELECT status FROM dr_verify_against('copy', dr_snapshot_counts(content => true, key => sha256('key')), key => sha256('key')) WHERE check_name = 'verdict'")" failed 'a sealed snapshot is compared'
document=$(PGCLIENTENCODING=UTF8 sql "db$e" "SELECT dr_snapshot_document(max(id)) FROM dr.snapshots")
is "$(jq -r '.database.name' <<<"$document")" 'db<E9>' "the database's name"
is "$(sql "db$e" "SELECT status FROM dr_verify_snapshot($(quoted), key => sha256('key')) WHERE check_name = 'verdict'")" passed 'a sealed document verifies it'
like "$(sql "db$e" "SELECT status FROM dr_verify_snapshot(replace('$(sed "s/'/''/g" <<<"$document")', 'note <E9>', 'note <E8>')::jsonb, key => sha256('key'))" 2>&1)" 'seal|changed|altered' 'a changed byte breaks the seal'
like "$(PGCLIENTENCODING=UTF8 sql "db$e" "SELECT detail FROM dr_verify_against(current_database()::text) WHERE check_name = 'verdict'")" 'identical to the live database db<E9>' 'it is verified by its name'
like "$(PGCLIENTENCODING=UTF8 sql "db$e" 'SELECT detail FROM dr_detect_loss()' 2>&1)" 'snapshot' 'loss is looked for in it'
for db in unicode db_latin1 db_euc_jp; do
  number=$(PGCLIENTENCODING=UTF8 sql "$db" "SELECT dr_snapshot_import(replace('$(sed "s/'/''/g" <<<"$document")', 'é', 'e')::jsonb)" 2>&1)
  is "$(PGCLIENTENCODING=UTF8 sql "$db" "SELECT name FROM dr.snapshot_relations WHERE snapshot = $number AND schema LIKE 's<%'" 2>&1)" 't<E9>' "the document is read in $db"
done
like "$(PGCLIENTENCODING=UTF8 findings legacy db_latin1)" 'mismatch.*encoding.*SQL_ASCII.*LATIN1' 'SQL_ASCII and LATIN1 are compared'
like "$(PGCLIENTENCODING=UTF8 findings db_latin1 ascii)" 'mismatch.*encoding.*LATIN1.*SQL_ASCII' 'and the other way round'
like "$(PGCLIENTENCODING=UTF8 findings ascii db_latin1)" 'mismatch\|table\|public."café"\|rows\|1 row\|2 rows' 'by the same names'

for file in "$top"/extension/pgdr--*.sql "$top"/extension/sql/*.sql "$top"/extension/sql/upgrade/*/*.sql; do
  is "$(LC_ALL=C grep -c '[^ -~	]' "$file")" 0 "$(basename "$file") is ASCII"
done
done_testing
