// What expire asks and tells the catalog. Everything works without one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "repo/repository.hpp"
#include "config/config.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {

class ExpireCatalog {
 public:
  explicit ExpireCatalog(const SetConfig& set) : set_(set) {}

  // Only kInterrupted is an error; that there is no catalog is problem().
  Status open();
  [[nodiscard]] bool reachable() const { return catalog_.has_value(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }

  struct Known {
    bool verified = false;  // this copy was re-read, or a database restored from it proven
    bool damaged = false;
    std::optional<Time> checked_at;  // when that was found out, where it is known
  };
  // nullopt: no catalog, or it does not know the copy.
  [[nodiscard]] std::optional<Known> known(const std::string& repository,
                                           const std::string& label) const;
  // Labels of runs that are over and made no backup; asked under the set's lock.
  [[nodiscard]] const std::vector<std::string>& over() const { return over_; }
  // Success, too, when the catalog never knew the backup.
  Status deleted(Repository& repository, const std::string& label);

  void fell_behind() { behind_ = true; }
  [[nodiscard]] bool behind() const { return behind_; }

 private:
  Status read();

  const SetConfig& set_;
  std::unique_ptr<db::Connection> db_;
  std::optional<db::Catalog> catalog_;
  std::string problem_;
  std::map<std::pair<std::string, std::string>, Known> copies_;  // by repository and label
  std::vector<std::string> over_;
  bool behind_ = false;
};

}  // namespace pgdr::app
