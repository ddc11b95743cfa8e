// `pgdr keep`: pins, which no retention rule overrides. They live in the repositories, beside the
// backups: a lost catalog loses none of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repo/marks.hpp"
#include "config/config.hpp"

namespace pgdr::app {

struct KeepRequest {
  const Config& config;
  const SetConfig& set;
  std::string label;          // as choose_backup() takes it; nothing: only list the pins
  bool release = false;       // take the pins away instead
  std::optional<Time> until;  // nullopt: for ever
  std::string reason;
  std::string repository;  // only the copy there
};

struct KeptCopy {
  std::string repository;
  std::optional<Error> error;
  bool changed = false;
};

struct KeepResult {
  std::string label;
  std::vector<KeptCopy> copies;
};
// Every copy that can be reached; a release takes pins away wherever they are, also those of a
// backup that is gone. kRepositoryMissing: no such backup.
Result<KeepResult> run_keep(const KeepRequest& request, Time now);
// The same in repositories that were opened already.
Result<KeepResult> keep_opened(const KeepRequest& request, OpenRepositories& repositories,
                               Time now);

struct ListedPin {
  std::string repository;
  Pin pin;
};
// Those that hold; a repository that cannot be asked is in `problems`.
Result<std::vector<ListedPin>> all_pins(const Config& config, const SetConfig& set, Time now,
                                        std::vector<std::string>& problems);

// "2027-01-31" (to its end), or a time, both in that zone unless the time names another. kUsage,
// also when it is past.
Result<Time> parse_until(const std::string& text, const std::string& zone, Time now);

}  // namespace pgdr::app
