#include "store/kept_lease.hpp"

#include <unistd.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/rand.h>

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "store/digest.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;

constexpr const char* kFormat = "pgdr-lock";

class KeptLease : public Lease {
 public:
  explicit KeptLease(std::unique_ptr<RenewableLock> lock) : lock_(std::move(lock)) {
    keeper_ = std::thread([this] { keep(); });
  }
  KeptLease(const KeptLease&) = delete;
  KeptLease& operator=(const KeptLease&) = delete;

  ~KeptLease() override {
    {
      const std::lock_guard guard(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    keeper_.join();
    if (!lost_) lock_->release();
  }

  [[nodiscard]] Status held() const override {
    const std::lock_guard guard(mutex_);
    if (lost_) return *lost_;
    // A renewal may hang for longer than the lock lives.
    if (std::chrono::steady_clock::now() - renewed_ <= lock_->lifetime()) return success();
    return Error::of(
        Code::kLocked,
        fmt::format("the repository's lock was not renewed for {}: another process may "
                    "have taken it over",
                    format_duration(lock_->lifetime())));
  }

 private:
  void keep() {
    std::unique_lock guard(mutex_);
    while (!changed_.wait_for(guard, lock_->lifetime() / 3, [this] { return stop_; })) {
      guard.unlock();
      const auto begun = std::chrono::steady_clock::now();
      const Status status = lock_->renew();
      guard.lock();
      if (status) {
        renewed_ = begun;
        continue;
      }
      const bool expired = std::chrono::steady_clock::now() - renewed_ > lock_->lifetime();
      if (status.error().code != Code::kLocked && !expired) continue;
      lost_ = status.error();
      lost_->code = Code::kLocked;
      lost_->retryable = false;
      log_warning("the repository's lock is lost: " + to_string(*lost_));
      return;
    }
  }

  std::unique_ptr<RenewableLock> lock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::chrono::steady_clock::time_point renewed_ = std::chrono::steady_clock::now();
  bool stop_ = false;
  std::optional<Error> lost_;
  std::thread keeper_;
};

}  // namespace

std::unique_ptr<Lease> keep_lease(std::unique_ptr<RenewableLock> lock) {
  return std::make_unique<KeptLease>(std::move(lock));
}

LockText own_lock_text() {
  std::array<unsigned char, 16> raw{};
  if (RAND_bytes(raw.data(), static_cast<int>(raw.size())) != 1) {
    throw std::runtime_error("no random numbers from the system");
  }
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return {to_hex({reinterpret_cast<const char*>(raw.data()), raw.size()}),
          fmt::format("process {} on {}", getpid(), host.data())};
}

std::string write_lock_text(const LockText& lock, milliseconds lifetime, unsigned renewals) {
  return nlohmann::json({{"format", kFormat},
                         {"version", 1},
                         {"token", lock.token},
                         {"owner", lock.owner},
                         {"renewals", renewals},
                         {"lifetime_seconds", lifetime.count() / 1000}})
      .dump();
}

Result<LockText> read_lock_text(std::string_view text) {
  const auto document = parse_json(text, {.bytes = 64 << 10, .depth = 4, .values = 100});
  if (document && json_text(*document, "format") == kFormat) {
    return LockText{json_text(*document, "token").value_or(""),
                    json_text(*document, "owner").value_or("an unknown process")};
  }
  return Error::of(Code::kFailed, "what is stored there is no lock",
                   "look at it, and remove it if no pgdr is running");
}

Error locked_error(const std::string& where, const LockText& holder, milliseconds age,
                   milliseconds lifetime) {
  return Error::of(
      Code::kLocked,
      fmt::format("{} is held by {}, renewed {} ago", where, holder.owner, format_duration(age)),
      fmt::format("wait for it to end; if that process is dead, the lock is free {} after its "
                  "last renewal",
                  format_duration(lifetime)));
}

}  // namespace pgdr::store
