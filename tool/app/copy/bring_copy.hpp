// Bringing one backup into one repository from its copies in others.
//
// The stored bytes travel as they are: no key is needed. Every artifact is compared with the
// manifest (size, SHA-256) on its way and becomes visible only when it fits; the manifest, with its
// signature, is copied byte for byte and comes last, so that a copy that was not finished does not
// count. What an earlier try left is used again where it is right.
//
// A damaged copy is repaired the same way. Nothing of it is removed before another copy has been
// read from beginning to end and found right.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "repo/repository.hpp"

namespace pgdr::app {

enum class Brought {
  kPresent,   // it was there already
  kCopied,    // it was not there
  kRepaired,  // what was wrong with it was replaced
};

struct BroughtCopy {
  Brought how = Brought::kPresent;
  std::string from;         // repositories, "a, b"; "" when nothing was needed
  std::uint64_t bytes = 0;  // written
};

struct BringRequest {
  // Readable manifests whose signatures are good, the preferred one first; at least one.
  std::vector<const StoredBackup*> sources;
  Repository& to;
  const store::Lease& lease;  // the set's lock in `to`
  // Reads every byte: of what is there, and of what it replaces once that is written. Without it,
  // what a manifest vouches for is compared by size.
  bool suspect = false;
  std::function<void(std::uint64_t)> progress;  // called with the number of bytes moved
};

// kExists: `to` holds another backup under that name. kCorrupt: no source is whole. kLocked: the
// lease was lost.
Result<BroughtCopy> bring_copy(const BringRequest& request);

// The same files with the same stored bytes: copies of one backup.
bool same_artifacts(const Manifest& a, const Manifest& b);

}  // namespace pgdr::app
