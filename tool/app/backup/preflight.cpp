#include "app/backup/preflight.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/process.hpp"

namespace pgdr::app {
namespace {

// What pg_dump would lock and read: everything but the system's own, members of extensions (their
// configuration tables excepted) and temporary tables.
constexpr const char* kUnreadableTables = R"(
WITH config AS (
  SELECT pg_catalog.unnest(e.extconfig) AS oid FROM pg_catalog.pg_extension e
), dumped AS (
  SELECT c.oid, c.relkind, c.relpersistence, n.oid AS schema,
         pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'S')
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND c.relpersistence <> 't'
    AND (c.oid IN (SELECT oid FROM config) OR NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
        AND d.deptype = 'e'))
)
SELECT name, CASE WHEN relkind = 'S' THEN 'sequence' ELSE 'table' END,
       CASE WHEN NOT pg_catalog.has_schema_privilege(schema, 'USAGE') THEN 'schema'
            WHEN relkind = 'S' AND NOT pg_catalog.has_sequence_privilege(oid, 'SELECT') THEN 'select'
            WHEN relkind <> 'S' AND NOT pg_catalog.has_table_privilege(oid, 'SELECT') THEN 'select'
            WHEN relkind <> 'S' AND pg_catalog.row_security_active(oid) THEN 'policy' END AS why
FROM dumped
WHERE NOT pg_catalog.has_schema_privilege(schema, 'USAGE')
   OR (relkind = 'S' AND NOT pg_catalog.has_sequence_privilege(oid, 'SELECT'))
   OR (relkind <> 'S' AND (NOT pg_catalog.has_table_privilege(oid, 'SELECT')
                           OR pg_catalog.row_security_active(oid)))
ORDER BY 3, 1)";

// pg_read_all_data does not cover large objects; there is no has_largeobject_privilege() before
// version 16.
constexpr const char* kUnreadableObjects = R"(
SELECT m.oid FROM pg_catalog.pg_largeobject_metadata m
WHERE NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
  AND NOT pg_catalog.current_setting('lo_compat_privileges')::boolean
  AND NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE')
  AND NOT EXISTS (
    SELECT FROM pg_catalog.aclexplode(m.lomacl) a
    WHERE a.privilege_type = 'SELECT'
      AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))
ORDER BY 1 LIMIT 100)";

std::string name_some(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > 3) text += fmt::format(" and {} more", names.size() - 3);
  return text;
}

}  // namespace

std::optional<int> client_major(const std::string& version_line) {
  const std::string mark = "(PostgreSQL) ";
  const std::size_t at = version_line.find(mark);
  if (at == std::string::npos) return std::nullopt;
  int major = 0;
  const char* start = version_line.data() + at + mark.size();
  const auto parsed = std::from_chars(start, version_line.data() + version_line.size(), major);
  if (parsed.ec != std::errc()) return std::nullopt;
  return major;
}

Result<std::string> client_program(const std::string& name, int server_version) {
  PGDR_TRY(const std::string path, find_program(name));
  Command command;
  command.argv = {path, "--version"};
  PGDR_TRY(const std::string line, run_and_capture(std::move(command)));
  const auto major = client_major(line);
  if (!major) return Error::of(Code::kFailed, fmt::format("{} does not say its version", path));
  const int server = server_version / 10000;
  if (*major < server) {
    return Error::of(
        Code::kUsage,
        fmt::format("{} is of version {}, older than the server's {}", path, *major, server),
        fmt::format("install postgresql-client-{} and put its programs first in PATH", server));
  }
  return path;
}

static Status check_large_objects(db::Connection& db) {
  PGDR_TRY(const db::Rows rows, db.query(kUnreadableObjects));
  if (rows.empty()) {
    // Their fingerprint is taken from the table itself.
    PGDR_TRY(const db::Rows closed,
             db.query("SELECT FROM pg_catalog.pg_largeobject_metadata WHERE NOT "
                      "pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT') "
                      "LIMIT 1"));
    if (closed.empty()) return success();
    return Error::of(
        Code::kFailed, fmt::format("role {} may not read pg_largeobject", db.user()),
        fmt::format("as a superuser: GRANT pg_read_all_data TO {};", db::quote_ident(db.user())));
  }
  std::vector<std::string> objects;
  for (const auto& row : rows) objects.push_back("large object " + row[0].value_or(""));
  return Error::of(Code::kFailed,
                   fmt::format("role {} may not read {}", db.user(), name_some(objects)),
                   fmt::format("as a superuser: GRANT SELECT ON LARGE OBJECT {} TO {};",
                               rows[0][0].value_or(""), db::quote_ident(db.user())));
}

Status check_readable(db::Connection& db) {
  PGDR_TRY(const db::Rows rows, db.query(kUnreadableTables));
  if (rows.empty()) return check_large_objects(db);
  std::vector<std::string> policy;
  std::vector<std::string> unreadable;
  for (const auto& row : rows) {
    const std::string name = row[1].value_or("") + " " + row[0].value_or("");
    (row[2] == "policy" ? policy : unreadable).push_back(name);
  }
  if (!unreadable.empty()) {
    return Error::of(
        Code::kFailed, fmt::format("role {} may not read {}", db.user(), name_some(unreadable)),
        fmt::format("as a superuser: GRANT pg_read_all_data TO {};", db::quote_ident(db.user())));
  }
  return Error::of(
      Code::kFailed,
      fmt::format("row security hides rows from role {} in {}: a dump would lack them", db.user(),
                  name_some(policy)),
      fmt::format("as a superuser: ALTER ROLE {} BYPASSRLS;", db::quote_ident(db.user())));
}

Result<bool> may_read_passwords(db::Connection& db) {
  PGDR_TRY(const db::Value may,
           db.scalar("SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')"));
  return may == "t";
}

Status check_room(Repository& repository, const std::string& set, std::uint64_t database_bytes) {
  PGDR_TRY(const auto room, repository.store->free_space());
  if (!room) return success();
  PGDR_TRY(const auto entries, repository.store->list(set + "/"));
  // The newest folder with a manifest, by its label.
  std::map<std::string, std::uint64_t> sizes;
  std::string newest;
  for (const auto& entry : entries) {
    const std::size_t slash = entry.key.rfind('/');
    const std::string folder = entry.key.substr(0, slash);
    sizes[folder] += entry.size;
    if (entry.key.substr(slash + 1) == kManifestFile) newest = std::max(newest, folder);
  }
  const std::string have = fmt::format("{} left in {}", format_bytes(*room), repository.location());
  if (!newest.empty() && *room < sizes[newest]) {
    return Error::of(Code::kNoSpace,
                     fmt::format("{}, the last backup took {}", have, format_bytes(sizes[newest])),
                     "make room, or give the set another repository");
  }
  if (newest.empty() && *room < database_bytes / 4) {
    log_warning(fmt::format("repository {}: {}, which may not be enough for a database of {}",
                            repository.name, have, format_bytes(database_bytes)));
  }
  return success();
}

}  // namespace pgdr::app
