// `pgdr copy`: bringing missing and damaged copies of backups from good ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/copy/bring_copy.hpp"
#include "config/config.hpp"
#include "base/log.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {

enum class CopyWhich {
  kLabel,    // one backup, into every repository of the set that lacks it
  kMissing,  // what the catalog records as missing or damaged
  kAll,      // every backup, into every repository that lacks it and did not have it deleted
};

struct CopyRequest {
  const Config& config;
  const SetConfig& set;
  Progress& progress;
  CopyWhich which = CopyWhich::kMissing;
  std::string label;  // for kLabel: a label, the beginning of one, or "latest"
  std::string to;     // only into this repository, which need not be the set's; "" for the set's
  std::string from;   // only out of this one
  bool accept_unsigned = false;
};

struct CopyStep {
  std::string label;
  std::string to;
  std::string location;
  BroughtCopy brought;
  std::optional<Error> error;
};

struct CopySummary {
  std::vector<CopyStep> steps;  // newest backup first
  bool recorded = false;        // in the catalog
  [[nodiscard]] bool good() const;
};

// Copies that fail are results, with their errors; an event tells of each. kLocked: another run of
// the set writes into a target. kDatabaseUnreachable: kMissing asks the catalog. kInterrupted.
Result<CopySummary> run_copy(const CopyRequest& request);

// One repository with the set's lock in it.
struct CopyTarget {
  Repository* repository = nullptr;
  const store::Lease* lease = nullptr;
};

// For the end of a backup: what the catalog records as missing or damaged in these repositories,
// brought from one another. Failures are warnings and events; nothing is thrown away.
Status bring_missing(const Config& config, const SetConfig& set, Progress& progress,
                     std::vector<CopyTarget> targets, db::Connection& db, db::Catalog& catalog,
                     const std::string& except_label, std::vector<CopyStep>& steps);

}  // namespace pgdr::app
