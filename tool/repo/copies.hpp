// Writing one backup into several repositories at once. A repository that fails or stalls drops
// out, with the reason kept, and the others go on; only when fewer are left than the set requires
// does writing fail.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "repo/fanout.hpp"
#include "repo/repository.hpp"

namespace pgdr::app {

FanoutLimits fanout_limits(const CopyConfig& config);

class CopySet final : public FanoutOwner {
 public:
  // The repositories are borrowed. required: copies without which the run is worth nothing.
  explicit CopySet(std::vector<Repository>& repositories, int required = 1,
                   const FanoutLimits& limits = {});

  // Takes the set's lock in every repository: kLocked when another run holds one. A repository that
  // cannot lock drops out.
  Status lock(const std::string& set);

  // A sink into every repository that still works. Several may be open at once, each used by its
  // own thread. finish() makes the object visible and durable.
  Result<std::unique_ptr<Sink>> create(const std::string& key);
  Status write_text(const std::string& key, const std::string& text);
  // texts by repository: each gets its own. Success: enough are left.
  Status write_texts(const std::string& key, const std::vector<std::string>& texts);

  [[nodiscard]] std::size_t size() const { return targets_.size(); }
  [[nodiscard]] Repository& repository(std::size_t index) { return *targets_[index].repository; }
  // The set's lock there; null before lock() and where it failed.
  [[nodiscard]] const store::Lease* lease(std::size_t index) const {
    return targets_[index].lease.get();
  }
  [[nodiscard]] std::optional<Error> error(std::size_t index) const override;
  void fail(std::size_t index, const Error& error) override;
  [[nodiscard]] bool may_drop(std::size_t index) const override;
  // The first failure, once fewer work than are required.
  [[nodiscard]] Status enough_left() const override;

 private:
  struct Target {
    Repository* repository = nullptr;
    std::unique_ptr<store::Lease> lease;
    std::optional<Error> error;
  };
  [[nodiscard]] std::size_t working() const;  // under the mutex

  mutable std::mutex mutex_;
  std::vector<Target> targets_;
  std::size_t required_;
  FanoutLimits limits_;
};

}  // namespace pgdr::app
