// Counts, and on request fingerprints and schema records, of a database at one MVCC snapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "base/fingerprint_key.hpp"

namespace pgdr::app {

struct SnapshotRequest {
  std::optional<std::string> label;
  bool content = false;
  std::optional<FingerprintKey> key;  // keyed fingerprints
};

struct SnapshotSummary {
  std::int64_t id = 0;
  std::string database;
  Time taken_at{};
  bool content = false;
  std::optional<std::string> label;
  std::uint64_t relations = 0;
  std::uint64_t rows = 0;       // of the relations that were counted
  std::uint64_t uncounted = 0;  // skipped (foreign tables, …) or failed
};

// Takes it through the extension, where it stays recorded.
Result<SnapshotSummary> take_snapshot(const SetConfig& set, SnapshotRequest request);

}  // namespace pgdr::app
