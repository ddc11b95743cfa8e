#include "repo/read_lease.hpp"

#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"

namespace pgdr::app {
namespace {

class RenewedLease final : public ReadLease {
 public:
  static Result<std::unique_ptr<RenewedLease>> take(Repository& repository, std::string prefix,
                                                    std::chrono::milliseconds renewal) {
    std::unique_ptr<RenewedLease> lease(new RenewedLease(repository, std::move(prefix), renewal));
    PGDR_CHECK(lease->write());
    lease->keeper_ = std::thread([raw = lease.get()] { raw->keep(); });
    return lease;
  }

  ~RenewedLease() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    if (keeper_.joinable()) keeper_.join();
    if (key_.empty()) return;
    const Status removed = repository_.store->remove(key_);
    if (!removed) {
      log_verbose(fmt::format("the lease {} stays until it is too old: {}", key_,
                              to_string(removed.error())));
    }
  }

 private:
  RenewedLease(Repository& repository, std::string prefix, std::chrono::milliseconds renewal)
      : repository_(repository), prefix_(std::move(prefix)), renewal_(renewal) {}

  // An object is never changed once it is there, so each renewal is a new one.
  Status write() {
    // A number is not used twice: of a write that failed the object may be there all the same, and
    // would refuse every later one.
    const std::string key = prefix_ + std::to_string(++number_);
    PGDR_CHECK(
        store::write_text(*repository_.store, key,
                          fmt::format("process {}, {}\n", getpid(), to_iso(system_clock().now()))));
    const std::string old = key_;
    key_ = key;
    if (old.empty()) return success();
    return repository_.store->remove(old);
  }

  void keep() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, renewal_, [this] { return stop_; })) {
      lock.unlock();
      const Status written = write();
      if (!written) {
        log_warning(fmt::format("the lease {} could not be renewed: {}", prefix_,
                                to_string(written.error())));
      }
      lock.lock();
    }
  }

  Repository& repository_;
  const std::string prefix_;
  const std::chrono::milliseconds renewal_;
  std::string key_;
  unsigned number_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread keeper_;
};

}  // namespace

Result<std::unique_ptr<ReadLease>> hold_copy(const StoredBackup& backup, const std::string& purpose,
                                             std::chrono::milliseconds renewal) {
  const Manifest& m = backup.manifest;
  Repository& repository = *backup.repository;
  auto lease = RenewedLease::take(
      repository,
      fmt::format("{}/leases/{}.{}.{}.", m.set, m.label, purpose, make_uuid().substr(0, 8)),
      renewal);
  std::unique_ptr<ReadLease> held;
  if (lease) {
    held = std::move(*lease);
  } else if (lease.error().code == Code::kInterrupted) {
    return lease.error();
  } else {
    log_warning(fmt::format(
        "repository {} does not learn that backup {} is being read: {}; do not expire it meanwhile",
        repository.name, m.label, to_string(lease.error())));
  }
  // Under either name: see read_backup().
  const auto there = read_backup(repository, m.set, m.label);
  if (!there && there.error().code != Code::kRepositoryMissing) return there.error();
  if (!there || there->manifest_sha256 != backup.manifest_sha256) {
    return Error::of(Code::kRepositoryMissing,
                     fmt::format("backup {} in repository {} was deleted or rewrapped just now",
                                 m.label, repository.name),
                     "try again; pgdr list shows what there is");
  }
  return held;
}

}  // namespace pgdr::app
