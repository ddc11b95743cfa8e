// `pgdr key rewrap`: old backups under the set's present recipients. Of each artifact only the age
// header is made anew: the key of its content is wrapped for other people, the content itself is
// copied as it is. So this takes no database, no plain text and no compression, but an identity
// that opens the backup, the signing key where manifests are signed, and room for the largest
// backup twice.
//
// It revokes nothing: who had a copy of the old files and an old key reads them for ever.
//
// Order, under the set's lock: the new artifacts beside the old ones; both re-read; the manifest
// that follows (manifest.next.json), which holds from the moment manifest.json is removed; the
// small files and manifest.json anew; the old artifacts go last. Whenever that is cut short, one
// complete set of files is in force, and the next rewrap goes on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repo/keys.hpp"
#include "repo/repository.hpp"
#include "config/config.hpp"
#include "base/log.hpp"

namespace pgdr::app {

struct RewrapRequest {
  const Config& config;
  const SetConfig& set;
  Progress& progress;
  std::string label;       // as choose_backup() takes it; "" for every backup
  std::string repository;  // only the copies there
  KeyFiles keys;           // that open the backups as they are
  bool force = false;      // also those that are locked to the same recipients already
};

struct RewrappedCopy {
  std::string label;
  std::string repository;
  bool changed = false;  // false without error: it was so already
  std::uint64_t bytes = 0;
  std::optional<Error> error;
};

// In the order in which they were tried, oldest first. An error only when nothing could be tried;
// after kInterrupted nothing further is.
Result<std::vector<RewrappedCopy>> run_rewrap(const RewrapRequest& request);
// The same in repositories that were opened already.
Result<std::vector<RewrappedCopy>> rewrap_opened(const RewrapRequest& request,
                                                 OpenRepositories& repositories);

}  // namespace pgdr::app
