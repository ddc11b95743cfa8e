#include "repo/conflict.hpp"

#include <fmt/format.h>

#include "repo/chunk_list.hpp"

namespace pgdr::app {
namespace {

// The first member in which they differ and copies of one backup may not; "" if none.
std::string difference(const Manifest& a, const Manifest& b) {
  if (a.system_identifier != b.system_identifier) return "server.system_identifier";
  if (a.database != b.database) return "database";
  if (a.kind != b.kind) return "kind";
  if (a.klass != b.klass) return "class";
  if (a.started_at != b.started_at) return "started_at";
  if (a.finished_at != b.finished_at) return "finished_at";
  if (a.recovery_point != b.recovery_point) return "recovery_point";
  if (a.recovery_lsn != b.recovery_lsn) return "recovery_lsn";
  if (a.snapshot_uuid != b.snapshot_uuid) return "snapshot_uuid";
  if (a.artifacts.size() != b.artifacts.size()) return "artifacts";
  const bool same_lock = !a.rewrapped_at && !b.rewrapped_at;
  for (const auto& mine : a.artifacts) {
    if (!same_lock && mine.kind == kChunksKind) continue;  // digests of stored bytes
    const Artifact* other = nullptr;
    for (const auto& one : b.artifacts) {
      if (one.kind == mine.kind && (one.name == mine.name || !same_lock)) other = &one;
    }
    if (other == nullptr) return "artifacts: " + mine.name;
    const bool original = mine.original_bytes == other->original_bytes &&
                          mine.original_sha256 == other->original_sha256;
    const bool stored =
        mine.stored_bytes == other->stored_bytes && mine.stored_sha256 == other->stored_sha256;
    if (!original || (same_lock && !stored)) return "artifacts: " + mine.name;
  }
  return {};
}

}  // namespace

std::optional<Error> copies_conflict(const Backup& backup) {
  const StoredBackup& first = backup.copies.front();
  for (std::size_t i = 1; i < backup.copies.size(); ++i) {
    const StoredBackup& other = backup.copies[i];
    const std::string what = difference(first.manifest, other.manifest);
    if (what.empty()) continue;
    return Error::of(
        Code::kCorrupt,
        fmt::format("repositories {} and {} hold different backups under the label {}: {} differs",
                    first.repository->name, other.repository->name, first.manifest.label, what),
        "one of them was altered or belongs to another configuration: look at both manifests, and "
        "move the wrong copy away");
  }
  return std::nullopt;
}

}  // namespace pgdr::app
