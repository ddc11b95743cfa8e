// What `pgdr expire` keeps: the tables [retention] and [retention.REPOSITORY]; doc/retention.md.
#pragma once

#include <string>

namespace pgdr {

class Section;

// Counts of backups, or of periods that keep their last backup; 0: the rule is off.
struct RetentionConfig {
  int keep_last = 0;
  int keep_days = 0;
  int keep_hourly = 0;
  int keep_nightly = 0;
  int keep_weekly = 0;
  int keep_monthly = 0;
  int keep_yearly = 0;
  int keep_verified_min = 1;      // never fewer verified backups than this
  std::string time_zone = "UTC";  // IANA name: where days, weeks, months and years begin

  // Something says what to keep. Without, nothing is ever deleted.
  [[nodiscard]] bool any() const {
    return keep_last > 0 || keep_days > 0 || keep_hourly > 0 || keep_nightly > 0 ||
           keep_weekly > 0 || keep_monthly > 0 || keep_yearly > 0;
  }
};

// Overwrites what the section names; the sub-tables of [retention] are the caller's.
void read_retention(Section& section, RetentionConfig& out);

}  // namespace pgdr
