// What runs that died left in a repository: which of it may go, and its removal. Done before each
// backup and by expire, under the set's lock.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "repo/repository.hpp"
#include "repo/survey.hpp"

namespace pgdr::app {

// What nobody knows is left alone until nothing was written there for so long: somebody may be
// copying a backup in.
inline constexpr std::chrono::hours kAbandonedAfter{24};

struct Unfinished {
  std::vector<std::string> dead;          // labels of folders without manifest that may go
  std::vector<std::string> young;         // … that stay for now
  std::vector<store::Entry> temporaries;  // of uploads beside backups and marks
};

// Pure. ours: labels that the catalog knows of runs that are over; they need not be old. now: by
// the repository's clock. Leased and pinned folders stay, whatever their age.
// pinned_elsewhere: labels whose pins lie in other repositories and hold here as well.
Unfinished find_unfinished(const Survey& survey, const std::vector<std::string>& ours, Time now,
                           const std::set<std::string>& pinned_elsewhere = {});

// may_go is asked before each step (the lock); told hears of what is gone.
Status clear_unfinished(Repository& repository, const std::string& set,
                        const Unfinished& unfinished, const std::function<Status()>& may_go,
                        const std::function<void(const std::string&)>& told);

// Everything under the label's folder; for a backup of our own that failed. kExists when it has a
// manifest: then it is a backup.
Status remove_unfinished(Repository& repository, const std::string& set, const std::string& label);

// All of it for the beginning of a backup. Best effort: problems are warnings. now: by the
// repository's clock, which is asked where it is not given.
void remove_leftovers(Repository& repository, const std::string& set,
                      const std::vector<std::string>& ours, std::optional<Time> now = std::nullopt);

}  // namespace pgdr::app
