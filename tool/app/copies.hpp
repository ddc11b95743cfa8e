// Writing one backup into several repositories at once. A repository that fails drops out, with the
// reason kept, and the others go on; only when none is left does writing fail.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/repository.hpp"

namespace pgdr::app {

class CopySet {
 public:
  // The repositories are borrowed.
  explicit CopySet(std::vector<Repository>& repositories);

  // Takes the set's lock in every repository: kLocked when another run holds one.
  Status lock(const std::string& set);

  // A sink into every repository that still works. Several may be open at once, each used by its
  // own thread. finish() makes the object visible and durable.
  Result<std::unique_ptr<Sink>> create(const std::string& key);
  Status write_text(const std::string& key, const std::string& text);
  // The same for one repository, whose failure is not an error of the set.
  void write_text_to(std::size_t index, const std::string& key, const std::string& text);

  [[nodiscard]] std::size_t size() const { return targets_.size(); }
  [[nodiscard]] Repository& repository(std::size_t index) { return *targets_[index].repository; }
  [[nodiscard]] std::optional<Error> error(std::size_t index) const;
  void fail(std::size_t index, const Error& error);
  // The first failure, when no repository works any more.
  Status any_left() const;

 private:
  struct Target {
    Repository* repository = nullptr;
    std::unique_ptr<store::Lease> lease;
    std::optional<Error> error;
  };
  mutable std::mutex mutex_;
  std::vector<Target> targets_;
};

}  // namespace pgdr::app
