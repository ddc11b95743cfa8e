// What the catalog knows and the repositories do not hold any more: copies that somebody deleted,
// or a repository that was set back to an earlier state. Whoever can write to a repository can do
// that, and then an older backup would be taken for the newest.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "repo/repository.hpp"
#include "config/config.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {

struct LostCopy {
  std::string label;
  std::string repository;
  std::string location;
  bool news = false;        // until now the catalog believed it to be there
  bool everywhere = false;  // no repository of the set holds the backup any more
  [[nodiscard]] std::string words() const;
};

// Whether the repository holds a manifest of that label.
using HoldsBackup = std::function<Result<bool>(Repository&, const std::string& label)>;

// Of the newest so many backups that the catalog knows; 0: of all. Asks the repositories for the
// manifests; `holds` may know better without (a listing at hand), its yes is believed. Repositories
// that are not among `open` are not judged. Not lost: what was expired, or is being; a backup that
// was known to be missing while others hold it (`pgdr copy` brings it), or that was known to be
// lost before a newer one was made.
Result<std::vector<LostCopy>> find_lost(db::Connection& db, const std::string& set,
                                        std::vector<Repository>& open, std::size_t newest,
                                        const HoldsBackup& holds = {});
// As missing, each with its event, where the catalog did not know.
Status record_lost(db::Catalog& catalog, const std::vector<LostCopy>& lost);

// The same of the newest few, for commands that report. Best effort: what cannot be asked is a line
// in `problems`.
std::vector<LostCopy> look_for_lost(const Config& config, const SetConfig& set, db::Connection& db,
                                    db::Catalog& catalog, std::vector<std::string>& problems);

// The newest backup that the catalog knows, not deleted, if it ended after `chosen` did.
// repository: only of copies there; "" for all.
struct NewerBackup {
  std::string label;
  std::string finished_at;   // for people
  std::string repositories;  // "a, b"
};
Result<std::optional<NewerBackup>> newer_than(db::Connection& db, const Manifest& chosen,
                                              const std::string& repository);

}  // namespace pgdr::app
