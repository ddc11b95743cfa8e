// One backup, from the lock to the record in the catalog.
//
// The dump and the fingerprints share one exported MVCC snapshot. Nothing is written in plaintext.
// The manifest is the last thing written into a repository: a run that ends before it leaves no
// backup, and the next run of the set removes what it left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/copy/copy.hpp"
#include "repo/manifest.hpp"
#include "config/config.hpp"
#include "base/log.hpp"

namespace pgdr::app {

struct BackupRequest {
  const Config& config;
  const SetConfig& set;
  Progress& progress;
  std::string klass;  // see Manifest::klass
};

struct CopyResult {
  std::string repository;
  std::string location;
  bool complete = false;
  std::optional<Error> error;
};

struct BackupResult {
  Manifest manifest;  // of the first complete copy
  std::vector<CopyResult> copies;
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  std::vector<CopyStep> brought;      // copies of earlier backups that were missing or damaged
  std::vector<std::string> unproven;  // not empty: the backup is incomplete and does not count
  std::optional<Error> record_error;  // the backup is good, the catalog does not know it
  // Everything that was asked for is there.
  [[nodiscard]] bool whole() const;
};

// An error means that there is no backup: nothing visible is left, the failure is recorded where
// the database can be reached. kLocked, kRepositoryMissing, kDatabaseUnreachable, kNoKey, kNoSpace,
// kUsage (program too old), kInterrupted, kFailed.
Result<BackupResult> run_backup(const BackupRequest& request);

}  // namespace pgdr::app
