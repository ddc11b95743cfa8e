#include "app/restore/target_facts.hpp"

#include <filesystem>

#include <nlohmann/json.hpp>

#include "app/restore/restore_needs.hpp"
#include "db/conninfo.hpp"

namespace pgdr::app {
namespace {

constexpr const char* kInvalidValue = "22023";  // SQLSTATE

template <class Names>
std::string json_names(const Names& names) {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& one : names) all.push_back(one);
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::int64_t number(const db::Value& value) {
  return value ? std::strtoll(value->c_str(), nullptr, 10) : 0;
}

Status ask_role(db::Connection& server, TargetFacts& facts) {
  PGDR_TRY(const auto rows,
           server.query("SELECT rolname, rolsuper, rolcreatedb FROM pg_catalog.pg_roles WHERE "
                        "rolname = current_user"));
  if (rows.size() != 1) return Error::of(Code::kFailed, "the current role has no entry");
  facts.user = rows[0][0].value_or("");
  facts.superuser = rows[0][1] == "t";
  facts.createdb = facts.superuser || rows[0][2] == "t";
  return success();
}

Status ask_roles(db::Connection& server, const std::set<std::string>& names, TargetFacts& facts) {
  PGDR_TRY(const auto rows,
           server.query("SELECT r.rolname, pg_catalog.pg_has_role(r.oid, 'MEMBER') FROM "
                        "pg_catalog.pg_roles r WHERE r.rolname::text IN (SELECT "
                        "pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb))",
                        {json_names(names)}));
  for (const auto& row : rows) {
    facts.roles.insert(row[0].value_or(""));
    if (row[1] == "t") facts.member_of.insert(row[0].value_or(""));
  }
  return success();
}

Status ask_tablespaces(db::Connection& server, const std::set<std::string>& names,
                       TargetFacts& facts) {
  PGDR_TRY(const auto rows,
           server.query("SELECT spcname FROM pg_catalog.pg_tablespace WHERE "
                        "pg_catalog.has_tablespace_privilege(oid, 'CREATE') AND spcname::text IN "
                        "(SELECT pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb))",
                        {json_names(names)}));
  for (const auto& row : rows) facts.tablespaces.insert(row[0].value_or(""));
  return success();
}

Status ask_extensions(db::Connection& server, const std::set<std::string>& names,
                      TargetFacts& facts) {
  PGDR_TRY(const auto rows,
           server.query("SELECT a.name, a.default_version, v.superuser, v.trusted FROM "
                        "pg_catalog.pg_available_extensions a JOIN "
                        "pg_catalog.pg_available_extension_versions v ON v.name = a.name AND "
                        "v.version = a.default_version WHERE a.name::text IN (SELECT "
                        "pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb))",
                        {json_names(names)}));
  for (const auto& row : rows) {
    facts.extensions[row[0].value_or("")] = {row[1].value_or(""), row[2] == "t", row[3] == "t"};
  }
  // Only superusers see it; only they can create pg_cron, too.
  const auto cron = server.scalar("SELECT pg_catalog.current_setting('cron.database_name', true)");
  if (cron && *cron) facts.cron_database = **cron;
  return success();
}

// Whether the server's system knows the locale; only it can tell.
Result<bool> knows_locale(db::Connection& server, const std::string& locale) {
  if (locale.empty()) return true;
  const Status set = server.exec("SELECT pg_catalog.set_config('lc_monetary', $1, true)", {locale});
  if (set) return true;
  if (set.error().sqlstate == kInvalidValue) return false;
  return set.error();
}

Status ask_locale(db::Connection& server, const Locale& locale, TargetFacts& facts) {
  if (!locale.encoding.empty()) {
    PGDR_TRY(const auto encoding,
             server.scalar("SELECT pg_catalog.pg_char_to_encoding($1)", {locale.encoding}));
    facts.encoding_known = number(encoding) >= 0;
  }
  PGDR_TRY(const bool collate, knows_locale(server, locale.collate));
  PGDR_TRY(const bool ctype, knows_locale(server, locale.ctype));
  facts.locale_known = collate && ctype;
  if (locale.provider == "icu") {
    PGDR_TRY(const auto icu,
             server.query("SELECT FROM pg_catalog.pg_collation WHERE collprovider = 'i' LIMIT 1"));
    facts.icu = !icu.empty() && server.server_version() >= 150000;
  }
  return success();
}

Status ask_slots(db::Connection& server, TargetFacts& facts) {
  PGDR_TRY(const auto rows,
           server.query("SELECT pg_catalog.current_setting('max_worker_processes'), "
                        "pg_catalog.current_setting('max_connections')::integer - "
                        "CASE WHEN r.rolsuper THEN 0 ELSE "
                        "pg_catalog.current_setting('superuser_reserved_connections')::integer END "
                        "- (SELECT pg_catalog.sum(d.numbackends) FROM "
                        "pg_catalog.pg_stat_database d) FROM pg_catalog.pg_roles r WHERE "
                        "r.rolname = current_user"));
  if (rows.size() != 1) return success();
  facts.worker_slots = number(rows[0][0]);
  facts.free_connections = number(rows[0][1]);
  return success();
}

// Where its files are, if that is a folder of this very machine.
void ask_room(db::Connection& server, const std::string& tablespace, TargetFacts& facts) {
  const auto info = db::Conninfo::parse(server.child_conninfo());
  if (!info || !info->get("host").starts_with("/")) return;  // a socket: this host
  db::Value folder;
  if (!tablespace.empty() && tablespace != "pg_default") {
    const auto place = server.query(
        "SELECT pg_catalog.pg_tablespace_location(oid) FROM pg_catalog.pg_tablespace WHERE "
        "spcname = $1",
        {tablespace});
    if (place && place->size() == 1) folder = (*place)[0][0];
  }
  if (!folder) {
    const auto data = server.scalar("SELECT pg_catalog.current_setting('data_directory')");
    if (data) folder = *data;
  }
  if (!folder || folder->empty()) return;
  std::error_code error;
  const auto space = std::filesystem::space(*folder, error);
  if (!error) facts.free_bytes = space.available;
}

}  // namespace

Result<TargetFacts> survey_target(db::Connection& server, const Manifest& manifest,
                                  const Document& document) {
  TargetFacts facts;
  facts.server_version = server.server_version();
  PGDR_CHECK(ask_role(server, facts));
  PGDR_CHECK(ask_roles(server, needed_roles(document), facts));
  std::set<std::string> tablespaces = document.needs.tablespaces;
  if (!document.database.tablespace.empty()) tablespaces.insert(document.database.tablespace);
  PGDR_CHECK(ask_tablespaces(server, tablespaces, facts));
  std::set<std::string> extensions{"pgdr"};
  for (const auto& [name, version] : document.needs.extensions) extensions.insert(name);
  PGDR_CHECK(ask_extensions(server, extensions, facts));
  PGDR_CHECK(ask_locale(
      server, document.locale.encoding.empty() ? manifest.locale : document.locale, facts));
  PGDR_CHECK(ask_slots(server, facts));
  ask_room(server, document.database.tablespace, facts);
  return facts;
}

}  // namespace pgdr::app
