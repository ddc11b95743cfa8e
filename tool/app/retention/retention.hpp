// What of a set's backups in one repository may go. Pure: plain data in, decisions out; nothing is
// read, asked or deleted here. The rules in words: doc/retention.md.
//
// Properties (test/unit/retention_test.cpp):
//   - deleting what may go and asking again lets nothing more go;
//   - nothing goes because time passes: only a newer backup, an expired pin or an ended lease do;
//   - damaged and unfinished backups never make a good one go;
//   - each of the newest N periods that have a good backup keeps one;
//   - the newest `keep_verified_min` verified backups stay, and while there are fewer, everything;
//   - whatever a kept backup needs is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "config/retention.hpp"
#include "base/timezone.hpp"

namespace pgdr::app {

// The stores' clocks and this host's may differ by so much before the difference is a doubt, and
// the store's is believed.
inline constexpr auto kClockTolerance = std::chrono::minutes(5);

struct RetainedBackup {
  std::string label;
  Time stopped_at{};  // UTC; the order of backups
  std::string system_identifier;
  std::string klass;      // made for this slot: "weekly"; "": for none
  bool good = true;       // false: known to be damaged; keeps no slot and no other away
  bool verified = false;  // re-read or restored since, and found right
  std::uint64_t bytes = 0;
  std::vector<std::string> needs;  // labels of this set, without which it cannot be restored
};

struct RetentionPin {
  std::string label;
  std::optional<Time> until;  // nullopt: for ever
  std::string reason;
};

struct RetentionInput {
  std::vector<RetainedBackup> backups;  // in any order
  std::vector<RetentionPin> pins;
  std::set<std::string> leased;  // labels that are being read
  RetentionConfig policy;
  Time now{};
  std::optional<Time> newest_object;  // by the store's clock
  std::vector<std::string> doubts;    // what could not be read or trusted, in words
  std::vector<std::string> unknown;   // objects among the backups that nobody knows
  bool several_systems = false;       // backups of clusters in turn are meant
};

struct RetentionDecision {
  RetainedBackup backup;
  bool keep = true;
  std::vector<std::string> reasons;  // at least one
};

struct RetentionPlan {
  // Any of these: nothing may go, whatever the decisions would be.
  std::vector<std::string> refusals;
  std::vector<RetentionDecision> decisions;  // newest first
  // Everything is kept, because there are only so many verified backups.
  bool floor_unmet = false;
  std::uint64_t verified = 0;

  [[nodiscard]] std::uint64_t deletions() const;
  [[nodiscard]] std::uint64_t bytes_freed() const;
};

RetentionPlan plan_retention(const RetentionInput& input, const TimeZone& zone);

}  // namespace pgdr::app
