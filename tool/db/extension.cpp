// Is the extension there, and new enough?

#include "db/catalog.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/version.hpp"

namespace pgdr::db {
namespace {

std::vector<long> numbers(const std::string& version) {
  std::vector<long> parts;
  const char* at = version.c_str();
  while (*at != '\0') {
    char* end = nullptr;
    const long part = std::strtol(at, &end, 10);
    if (end == at) break;
    parts.push_back(part);
    at = *end == '.' ? end + 1 : "";
  }
  return parts;
}

}  // namespace

int compare_versions(const std::string& a, const std::string& b) {
  std::vector<long> x = numbers(a);
  std::vector<long> y = numbers(b);
  const std::size_t length = std::max(x.size(), y.size());
  x.resize(length);
  y.resize(length);
  if (x == y) return 0;
  return x < y ? -1 : 1;
}

Result<ExtensionState> extension_state(Connection& db) {
  ExtensionState state;
  PGDR_TRY(const Rows installed,
           db.query("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pgdr'"));
  if (!installed.empty()) state.installed = installed[0][0];
  PGDR_TRY(const Rows available,
           db.query("SELECT default_version FROM pg_catalog.pg_available_extensions "
                    "WHERE name = 'pgdr'"));
  if (!available.empty()) state.available = available[0][0];
  return state;
}

std::optional<Error> check_extension(const ExtensionState& state, const std::string& database) {
  const std::string tool(kVersion);
  const std::string files =
      "first install the extension's files on the database server (\"make install\" there, or its "
      "package), then";
  if (!state.installed) {
    const std::string create =
        fmt::format("run as a superuser in database \"{}\": CREATE EXTENSION pgdr;", database);
    return Error::of(Code::kFailed,
                     fmt::format("the extension pgdr is missing in database \"{}\"", database),
                     state.available ? create : files + " " + create);
  }
  // Within a first number the extension still answers what an older tool asks of it.
  const auto first = [](const std::string& version) {
    const std::vector<long> parts = numbers(version);
    return parts.empty() ? 0 : parts.front();
  };
  if (first(*state.installed) > first(tool)) {
    return Error::of(
        Code::kFailed,
        fmt::format("the extension pgdr in database \"{}\" has version {}, which this tool ({}) is "
                    "too old for",
                    database, *state.installed, tool),
        fmt::format("install version {} of the tool on this host", *state.installed));
  }
  if (compare_versions(*state.installed, tool) >= 0) return std::nullopt;
  const bool have_files = state.available && compare_versions(*state.available, tool) >= 0;
  const std::string update =
      fmt::format("run as a superuser in database \"{}\": ALTER EXTENSION pgdr UPDATE;", database);
  return Error::of(Code::kFailed,
                   fmt::format("the extension pgdr in database \"{}\" has version {}, older than "
                               "this tool ({})",
                               database, *state.installed, tool),
                   have_files ? update : files + " " + update);
}

Result<Catalog> Catalog::open(Connection& db) {
  PGDR_TRY(const ExtensionState state, extension_state(db));
  if (const auto error = check_extension(state, db.database())) return *error;
  return Catalog(db, *state.installed);
}

}  // namespace pgdr::db
