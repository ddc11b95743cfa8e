#include "app/status.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgdr::app {

Result<SetStatus> read_status(const Config& config, const SetConfig& set) {
  PGDR_TRY(const auto db, db::Connection::open(set.database));
  PGDR_TRY(db::Catalog catalog, db::Catalog::open(*db));
  SetStatus status;
  status.set = set.name;
  status.database = db->database();
  // The objectives are measured on what the catalog believes: that is looked at first.
  status.lost = look_for_lost(config, set, *db, catalog, status.problems);
  PGDR_TRY(status.objectives, catalog.status());
  return status;
}

std::string worst_state(const std::vector<db::Objective>& objectives) {
  static constexpr std::array<std::string_view, 3> kWorstFirst = {"critical", "warning", "unknown"};
  if (objectives.empty()) return "unknown";
  for (const std::string_view state : kWorstFirst) {
    const auto is = [&](const db::Objective& one) { return one.state == state; };
    if (std::any_of(objectives.begin(), objectives.end(), is)) return std::string(state);
  }
  return "ok";
}

}  // namespace pgdr::app
