#include "app/differences.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "db/catalog.hpp"

namespace pgdr::app {

Result<Differences> read_differences(const SetConfig& set, const DifferencesRequest& request) {
  PGDR_TRY(const auto db, db::Connection::open(set.database));
  PGDR_TRY(const db::Catalog catalog, db::Catalog::open(*db));
  Differences result;
  result.database = db->database();
  auto rows = db->query(fmt::format("SELECT side, key, column_name, expected, actual, detail "
                                    "FROM {}($1::text, $2::text, $3::integer)",
                                    catalog.name("dr_differences")),
                        {request.target, request.relation, std::to_string(request.max_rows)});
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
