// `pgdr schedule print`: the configuration's [schedule] as lines for cron and units for systemd.
// Pure text.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace pgdr::app {

// A file for /etc/cron.d (personal: without the column of the user, for `crontab -`).
std::string cron_text(const Config& config, bool personal);

struct UnitFile {
  std::string name;  // "pgdr-backup@.service"
  std::string text;
};
// Templates whose instance is the set, and one service for all sets where that is the same.
std::vector<UnitFile> systemd_units(const Config& config);
// The timers to enable: "pgdr-nightly@shop.timer".
std::vector<std::string> systemd_timers(const Config& config);

}  // namespace pgdr::app
