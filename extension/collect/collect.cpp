#include "collect/collect.hpp"

#include "base/catalog_query.hpp"
#include "base/collect_json.hpp"
#include "collect/collect_relations.hpp"
#include "core/digest.hpp"
#include "base/digest_key.hpp"
#include "base/legacy_bytes.hpp"
#include "engine/progress.hpp"
#include "schema/schema.hpp"
#include "base/version.hpp"

namespace pgdr {

namespace {

struct Setting {
  const char* name;
  const char* value;
};

// Whatever changes the text of a value, an expression or a name, and nothing that a caller may rely
// on otherwise.
constexpr Setting kSettings[] = {
    {"search_path", "pg_catalog, pg_temp"},
    {"row_security", "off"},
    {"DateStyle", "ISO, YMD"},
    {"IntervalStyle", "postgres"},
    {"TimeZone", "UTC"},
    {"extra_float_digits", "1"},
    {"bytea_output", "hex"},
    {"xmlbinary", "base64"},
    {"lc_monetary", "C"},
    {"lc_numeric", "C"},
    {"quote_all_identifiers", "off"},
    {"standard_conforming_strings", "on"},
    {"backslash_quote", "safe_encoding"},
    {"array_nulls", "on"},
    {"transform_null_equals", "off"},
    {"jit", "off"},  // catalog queries look dearer than they are
};

void pin_settings() {
  for (const Setting& setting : kSettings)
    (void)set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION,
                            GUC_ACTION_SAVE, true, 0, false);
}

// UTC with microseconds, "2026-11-21T20:57:35.000123Z".
const char* utc_text(TimestampTz at) {
  pg_tm tm;
  fsec_t fsec = 0;
  if (timestamp2tm(at, nullptr, &tm, &fsec, nullptr, nullptr) != 0)
    ereport(ERROR,
            (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  return psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year, tm.tm_mon, tm.tm_mday,
                  tm.tm_hour, tm.tm_min, tm.tm_sec, static_cast<int>(fsec));
}

// A moment that is not after the snapshot: a recovery point may be understated, never overstated.
TimestampTz moment_of_snapshot() {
  return IsolationUsesXactSnapshot() ? GetCurrentTransactionStartTimestamp()
                                     : GetCurrentStatementStartTimestamp();
}

#if PG_VERSION_NUM >= 170000
#define PGDR_ICU_LOCALE "d.datlocale"
#define PGDR_PROVIDER \
  "CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END"
#elif PG_VERSION_NUM >= 150000
#define PGDR_ICU_LOCALE "d.daticulocale"
#define PGDR_PROVIDER "CASE d.datlocprovider WHEN 'i' THEN 'icu' ELSE 'libc' END"
#else
#define PGDR_ICU_LOCALE "NULL::text"
#define PGDR_PROVIDER "'libc'"
#endif
// Rules came with 16 (30a53b792959).
#if PG_VERSION_NUM >= 160000
#define PGDR_ICU_RULES "d.daticurules"
#else
#define PGDR_ICU_RULES "NULL::text"
#endif

// One row: uuid, database (JSON), version, its number, lsn, snapshot. ACL items are shown as in
// schema records.
constexpr char kDatabaseQuery[] =
    "SELECT gen_random_uuid()::text,"
    " json_build_object('name', d.datname, 'encoding', pg_encoding_to_char(d.encoding),"
    "  'collate', d.datcollate, 'ctype', d.datctype, 'provider', " PGDR_PROVIDER
    ", 'icu_locale', " PGDR_ICU_LOCALE ", 'icu_rules', " PGDR_ICU_RULES
    ", 'tablespace', t.spcname, 'connection_limit', d.datconnlimit, 'is_template', d.datistemplate,"
    "  'owner', pg_get_userbyid(d.datdba),"
    "  'acl', (SELECT string_agg(g.item, '; ' ORDER BY g.item COLLATE \"C\") FROM ("
    "    SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' WHEN a.grantee = d.datdba THEN '<owner>'"
    "           ELSE quote_ident(pg_get_userbyid(a.grantee)) END || '=' ||"
    "           string_agg(a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END, ','"
    "                      ORDER BY a.privilege_type COLLATE \"C\") AS item"
    "    FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a GROUP BY a.grantee) g),"
    "  'comment', shobj_description(d.oid, 'pg_database'),"
    "  'settings', coalesce((SELECT json_agg(c ORDER BY c COLLATE \"C\")"
    "     FROM pg_db_role_setting s, unnest(s.setconfig) c"
    "     WHERE s.setdatabase = d.oid AND s.setrole = 0 AND c NOT LIKE 'pgdr.origin=%'),"
    "     '[]'::json),"
    // ALTER ROLE … IN DATABASE …, as "role: name=value".
    "  'role_settings', coalesce((SELECT json_agg(g.item ORDER BY g.item COLLATE \"C\") FROM"
    "     (SELECT quote_ident(pg_get_userbyid(s.setrole)) || ': ' || c AS item"
    "      FROM pg_db_role_setting s, unnest(s.setconfig) c"
    "      WHERE s.setdatabase = d.oid AND s.setrole <> 0) g), '[]'::json),"
    "  'security_labels', coalesce((SELECT json_agg(l.provider || ': ' || l.label"
    "      ORDER BY l.provider COLLATE \"C\") FROM pg_shseclabel l"
    "      WHERE l.classoid = 'pg_database'::regclass AND l.objoid = d.oid), '[]'::json))::text,"
    " current_setting('server_version'), current_setting('server_version_num')::integer,"
    " CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
    "      ELSE pg_current_wal_insert_lsn() END::text,"
    " pg_current_snapshot()::text"
    " FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace"
    " WHERE d.datname = current_database()";

void collect_head(StringInfo out, const CollectOptions& options) {
  json_text(out, "format", "pgdr-snapshot");
  json_number(out, "version", 1);
  json_bool(out, "content", options.content);
  const DigestKey* key = digest_key_in_use();
  json_text(out, "digest",
            options.content ? core::algorithm_name(digest_algorithm_in_use()) : nullptr);
  if (key != nullptr) json_text(out, "key_check", digest_key_check(key));
  json_text(out, "taken_at", utc_text(moment_of_snapshot()));
  json_text(out, "label", nullptr);
  each_row(kDatabaseQuery, [&](const Row& row) {
    json_text(out, "uuid", row.text(1));
    json_raw(out, "database", row.text(2));
    json_key(out, "server");
    appendStringInfoChar(out, '{');
    json_number(out, "version_num", DatumGetInt32(row.datum(4)));
    json_text(out, "version", row.text(3));
    json_text(out, "system_identifier", psprintf(UINT64_FORMAT, GetSystemIdentifier()));
    json_bool(out, "in_recovery", RecoveryInProgress());
    appendStringInfoChar(out, '}');
    json_text(out, "lsn", row.text(5));
    json_text(out, "snapshot", row.text(6));
  });
  json_text(out, "pgdr_version", kVersion);
}

}  // namespace

char* collect_document(const CollectOptions& options) {
  StringInfoData out;
  initStringInfo(&out);

  int settings = NewGUCNestLevel();
  pin_settings();
  // SPI's read-only queries and the scans use the active snapshot: one for everything, whatever the
  // isolation level.
  PushActiveSnapshot(GetActiveSnapshot());
  if (SPI_connect() != SPI_OK_CONNECT)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not connect to SPI")));
  // Working memory goes with SPI's; only the document, which `out` reallocates in its own context,
  // stays.
  appendStringInfoChar(&out, '{');
  collect_head(&out, options);
  collect_relations(&out, options);
  collect_sequences(&out);
  json_key(&out, "objects");
  appendStringInfoChar(&out, '[');
  if (options.schema) {
    report_step("reading the schema");
    collect_schema(&out, options);
  }
  appendStringInfoString(&out, "]}");
  SPI_finish();
  PopActiveSnapshot();
  char* document = escape_json_object(&out);
  AtEOXact_GUC(false, settings);
  report_end();
  return document;
}

char* collect_sequences_only() {
  StringInfoData out;
  initStringInfo(&out);
  int settings = NewGUCNestLevel();
  pin_settings();
  if (SPI_connect() != SPI_OK_CONNECT)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not connect to SPI")));
  appendStringInfoChar(&out, '{');
  collect_sequences(&out);
  appendStringInfoChar(&out, '}');
  SPI_finish();
  char* document = escape_json_object(&out);
  AtEOXact_GUC(false, settings);
  return document;
}

}  // namespace pgdr
