#include "app/differences.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "db/catalog.hpp"

namespace pgdr::app {

Result<Differences> read_differences(const SetConfig& set, const DifferencesRequest& request,
                                     std::optional<FingerprintKey> key) {
  PGDR_TRY(const auto db, db::Connection::open(set.database));
  PGDR_TRY(db::Catalog catalog, db::Catalog::open(*db));
  if (key) catalog.use_key(std::move(*key));
  Differences result;
  result.database = db->database();
  const auto rows =
      catalog.differences(request.target, request.relation, request.max_rows, request.question);
  if (!rows) {
    Error error = rows.error();
    // The tool's sessions have no search_path.
    constexpr const char* kNoSuchTable = "42P01";
    if (error.sqlstate == kNoSuchTable && request.relation.find('.') == std::string::npos) {
      error.hint = fmt::format("give the table with its schema: public.{}", request.relation);
    }
    return error;
  }
  for (const db::Row& row : *rows) {
    result.lines.push_back({row[0].value_or(""), row[1], row[2], row[3], row[4], row[5]});
  }
  return result;
}

bool any_difference(const Differences& differences) {
  return std::any_of(differences.lines.begin(), differences.lines.end(),
                     [](const Difference& line) { return line.side != "info"; });
}

}  // namespace pgdr::app
