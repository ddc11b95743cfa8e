// Every objective of a set, measured now: what dr_status() says.
#pragma once

#include <string>
#include <vector>

#include "app/catalog/lost.hpp"
#include "config/config.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {

struct SetStatus {
  std::string set;
  std::string database;  // its name
  std::vector<db::Objective> objectives;
  std::vector<LostCopy> lost;         // of the newest backups
  std::vector<std::string> problems;  // repositories that could not be asked
};

Result<SetStatus> read_status(const Config& config, const SetConfig& set);
// The worst of them: critical, warning, unknown, ok; "unknown" when there is none. Pure.
std::string worst_state(const std::vector<db::Objective>& objectives);

}  // namespace pgdr::app
