// Restoring a backup and proving the result.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "repo/keys.hpp"
#include "artifact/database/pg_restore.hpp"
#include "app/restore/restore_needs.hpp"
#include "config/config.hpp"
#include "base/log.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {

struct RestoreRequest {
  const Config& config;
  const SetConfig& set;
  Progress& progress;
  std::string label;  // or "latest"
  std::string to;     // database on the set's server, or a libpq URI
  KeyFiles keys;
  RestoreOptions options;
  std::string confirm;     // with options.clean: the name of the existing database
  std::string repository;  // only this one; "" for all of the set's
  bool verify = true;
  bool globals = false;
  bool accept_unsigned = false;
  bool accept_older = false;    // "latest", although the catalog knows a newer one
  bool accept_missing = false;  // go on although the target lacks what would block it
  bool plan = false;            // only say what the target lacks; nothing is made
};

enum class Proof { kPassed, kFailed, kUnproven, kNotAsked };

struct RestoreResult {
  std::string label;
  std::string repository;
  std::string database;
  std::string target;  // as shown
  std::chrono::milliseconds took{};
  RestoreOutcome outcome;
  std::uint64_t serious_errors = 0;  // of outcome.error_count: not harmless
  std::vector<Lack> lacks;           // of the target, found before anything was made
  bool blocked = false;              // with plan: it would be refused
  std::vector<std::string> warnings;
  Proof proof = Proof::kNotAsked;
  std::string proof_detail;           // why it is unproven
  std::vector<db::Finding> findings;  // problems first, verdict last
  bool recorded = false;
};

// With plan, what the target lacks is all of the result.
// An error means that the target is as before: a database that was created is gone again.
// kProtected when it exists; kNoKey; kCorrupt (a damaged or unsigned backup: nothing was done);
// kRepositoryMissing; kDatabaseUnreachable; kInterrupted; kFailed.
Result<RestoreResult> run_restore(const RestoreRequest& request);

}  // namespace pgdr::app
