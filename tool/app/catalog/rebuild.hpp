// `pgdr catalog rebuild`: the repositories are the truth, the catalog follows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "repo/keys.hpp"
#include "repo/marks.hpp"
#include "repo/repository.hpp"
#include "config/config.hpp"
#include "base/log.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {

struct RebuildRequest {
  const Config& config;
  const SetConfig& set;
  Progress& progress;
  std::string database;  // the catalog to fill; "" for the set's database
  KeyFiles keys;         // with a key the snapshot documents come back as well
  bool accept_unsigned = false;
};

struct RebuildResult {
  std::string database;
  std::uint64_t backups = 0;
  std::uint64_t copies = 0;
  std::uint64_t snapshots = 0;
  std::vector<std::string> problems;  // what could not be imported
  std::vector<Error> conflicts;       // labels that repositories disagree about: not imported
  bool with_key = false;
};

// Records the backup and this copy of it, damaged where a file of it is missing or has another
// size, or where `proof` (the newest mark about it) says so. What the catalog holds for unfinished
// or failed becomes a complete backup; a copy that it knows to be damaged stays that.
Status import_copy(db::Catalog& catalog, const StoredBackup& copy,
                   const std::optional<ProofMark>& proof);

// The union of what the repositories hold, with the proofs that lie there. Idempotent: what the
// catalog knows already stays as it is, and nothing known to be bad gets better by it.
Result<RebuildResult> rebuild_catalog(const RebuildRequest& request);

}  // namespace pgdr::app
