// Reading one backup from whichever of its copies can be read.
//
// Its copies hold the same stored bytes, so a read that fails in one goes on in another at the same
// offset. Files with a chunk list are fetched chunk by chunk, several at once, and every chunk is
// compared with its digest before it is passed on: nothing that the manifest does not vouch for
// gets further, and a chunk that is damaged in one copy is taken from the next.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "repo/artifact.hpp"
#include "repo/chunk_list.hpp"
#include "repo/repository.hpp"

namespace pgdr::app {

struct GivenUp {
  const StoredBackup* copy = nullptr;
  Error error;
};

// Thread safe: the streams of a restore share it.
class CopyReader {
 public:
  // Of one backup, with the same artifacts, the preferred copy first; at least one, borrowed.
  explicit CopyReader(std::vector<const StoredBackup*> copies);

  // Called before a copy is used, and by the switch to another one: what it refuses is given up.
  void check_with(std::function<Status(const StoredBackup&)> check) { check_ = std::move(check); }
  // Finds the first copy that is of use. The error of the first one when none is.
  Status begin();

  [[nodiscard]] const Manifest& manifest() const { return copies_.front()->manifest; }
  // The copy in use.
  [[nodiscard]] const StoredBackup& copy() const;
  [[nodiscard]] std::vector<GivenUp> given_up() const;
  // No copy is left.
  [[nodiscard]] bool exhausted() const;

  // The stored bytes of an artifact. chunks: may be null; then nothing but the length is checked
  // here, and the copy must have been read whole by check_with(). Borrowed, like this.
  Result<std::unique_ptr<Source>> open(const Artifact& artifact, const ChunkList* chunks);

 private:
  friend class CopySource;
  // Moves on from a copy that failed, unless somebody did already. The error when none is left.
  Status give_up(const StoredBackup& copy, const Error& why);
  Status switch_on(std::unique_lock<std::mutex>& lock);

  std::vector<const StoredBackup*> copies_;
  std::function<Status(const StoredBackup&)> check_;
  mutable std::mutex mutex_;
  std::size_t current_ = 0;
  std::vector<GivenUp> given_up_;
};

}  // namespace pgdr::app
