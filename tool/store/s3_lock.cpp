#include "store/s3_lock.hpp"

#include <unistd.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/rand.h>

#include "base/base64.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "store/digest.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;

constexpr const char* kFormat = "pgdr-lock";

std::string random_token() {
  std::array<unsigned char, 16> raw{};
  if (RAND_bytes(raw.data(), static_cast<int>(raw.size())) != 1) {
    throw std::runtime_error("no random numbers from the system");
  }
  return to_hex({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

std::string owner_text() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("process {} on {}", getpid(), host.data());
}

// A lock object as it is stored.
struct Held {
  std::string etag;
  std::string token;
  std::string owner;
  milliseconds age{};  // since the last renewal, by the server's clock
};

class LockObject {
 public:
  LockObject(S3Client& client, std::string key)
      : keep_(client.shared_from_this()),
        client_(client),
        key_(std::move(key)),
        what_(fmt::format("cannot lock s3://{}/{}", client.options().config.bucket, key_)),
        lifetime_(client.options().lock_lifetime) {}

  Status take() {
    PGDR_TRY(const std::optional<Held> held, read());
    if (held && held->age < lifetime_) return locked(*held);
    if (held) {
      log_warning(fmt::format("the lock s3://{}/{} of {} was not renewed for {}: taking it over",
                              client_.options().config.bucket, key_, held->owner,
                              format_duration(held->age)));
    }
    const NameValue condition =
        held ? NameValue("If-Match", held->etag) : NameValue("If-None-Match", "*");
    PGDR_TRY(const S3Reply reply, write(condition));
    if (reply.refused_condition() || reply.http.status == 409) return locked_by_now();
    if (reply.unknown_condition()) {
      client_.conditional = false;
      PGDR_TRY(const S3Reply plain, write(std::nullopt));
      if (!plain.ok()) return client_.failure(plain, what_);
    } else if (!reply.ok()) {
      return client_.failure(reply, what_);
    } else {
      PGDR_TRY(const S3Reply again, write(NameValue("If-None-Match", "*")));
      client_.conditional = again.refused_condition();
    }
    if (!client_.conditional)
      PGDR_CHECK(client_.options().retry.sleep(client_.options().lock_settle));
    PGDR_TRY(const std::optional<Held> mine, read());
    if (!mine) return Error::of(Code::kFailed, what_ + ": it vanished at once");
    if (mine->token != token_) return locked(*mine);
    etag_ = mine->etag;
    return success();
  }

  // kLocked when the lock is another's now.
  Status renew() {
    ++renewals_;
    if (client_.conditional) {
      PGDR_TRY(const S3Reply reply, write(NameValue("If-Match", etag_)));
      if (reply.ok()) {
        etag_ = reply.http.header("etag");
        return success();
      }
      // Refused: perhaps an earlier try of this very request got through.
      if (!reply.refused_condition() && reply.http.status != 404) {
        return client_.failure(reply, what_);
      }
    }
    PGDR_TRY(const std::optional<Held> held, read());
    if (!held) return Error::of(Code::kLocked, what_ + ": it was removed by someone else");
    if (held->token != token_) return locked(*held);
    etag_ = held->etag;
    if (client_.conditional) return success();
    PGDR_TRY(const S3Reply plain, write(std::nullopt));
    return plain.ok() ? success() : Status(client_.failure(plain, what_));
  }

  void release() {
    const Result<std::optional<Held>> held = read();
    if (!held || !*held || (*held)->token != token_) return;
    S3Request request;
    request.method = "DELETE";
    request.key = key_;
    request.cleanup = true;
    const Result<S3Reply> reply = client_.call(request);
    if (!reply || !reply->ok()) {
      log_warning(fmt::format("the lock s3://{}/{} could not be removed; it expires after {}",
                              client_.options().config.bucket, key_, format_duration(lifetime_)));
    }
  }

  // From now on requests go on after a signal: the holder may still be cleaning up.
  void mark_held() { holding_ = true; }
  [[nodiscard]] milliseconds lifetime() const { return lifetime_; }

 private:
  [[nodiscard]] Error locked(const Held& held) const {
    return Error::of(
        Code::kLocked,
        fmt::format("s3://{}/{} is held by {}, renewed {} ago", client_.options().config.bucket,
                    key_, held.owner, format_duration(held.age)),
        fmt::format("wait for it to end; if that process is dead, the lock is free {} after its "
                    "last renewal",
                    format_duration(lifetime_)));
  }

  Status locked_by_now() {
    PGDR_TRY(const std::optional<Held> held, read());
    if (!held) {
      Error error = Error::of(Code::kLocked, what_ + ": another process took and released it");
      return error;
    }
    // Ours: an answer was lost and the request repeated.
    if (held->token == token_) {
      etag_ = held->etag;
      return success();
    }
    return locked(*held);
  }

  Result<std::optional<Held>> read() {
    S3Request request;
    request.method = "GET";
    request.key = key_;
    request.cleanup = holding_;
    PGDR_TRY(const S3Reply reply, client_.call(request));
    if (reply.absent()) return std::optional<Held>();
    if (!reply.ok()) return client_.failure(reply, what_);
    Held held;
    held.etag = reply.http.header("etag");
    const std::optional<Time> now = parse_http_date(reply.http.header("date"));
    const std::optional<Time> modified = parse_http_date(reply.http.header("last-modified"));
    if (held.etag.empty() || !now || !modified) {
      return Error::of(Code::kFailed,
                       what_ + ": the server's answer lacks Date, Last-Modified or ETag");
    }
    held.age =
        std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(*now - *modified));
    const nlohmann::json document = nlohmann::json::parse(reply.http.body, nullptr, false);
    if (!document.is_object() || document.value("format", "") != kFormat) {
      return Error::of(Code::kFailed, what_ + ": what is stored there is no lock",
                       "look at it, and remove it if no pgdr is running");
    }
    held.token = document.value("token", "");
    held.owner = document.value("owner", "an unknown process");
    return std::optional<Held>(std::move(held));
  }

  Result<S3Reply> write(const std::optional<NameValue>& condition) {
    const std::string text = nlohmann::json({{"format", kFormat},
                                             {"version", 1},
                                             {"token", token_},
                                             {"owner", owner_},
                                             {"renewals", renewals_},
                                             {"lifetime_seconds", lifetime_.count() / 1000}})
                                 .dump();
    S3Request request;
    request.method = "PUT";
    request.key = key_;
    request.headers.emplace_back("Content-Type", "application/json");
    if (const std::optional<std::string> digest = md5(bytes_of(text))) {
      request.headers.emplace_back("Content-MD5", base64_encode(bytes_of(*digest)));
    }
    if (condition) request.headers.push_back(*condition);
    request.body = bytes_of(text);
    request.cleanup = holding_;
    return client_.call(request);
  }

  std::shared_ptr<S3Client> keep_;
  S3Client& client_;
  const std::string key_;
  const std::string what_;
  const milliseconds lifetime_;
  const std::string token_ = random_token();
  const std::string owner_ = owner_text();
  std::string etag_;
  unsigned renewals_ = 0;
  bool holding_ = false;
};

class S3Lease : public Lease {
 public:
  explicit S3Lease(std::unique_ptr<LockObject> lock) : lock_(std::move(lock)) {
    lock_->mark_held();
    keeper_ = std::thread([this] { keep(); });
  }

  ~S3Lease() override {
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
    return lost_ ? Status(*lost_) : success();
  }

 private:
  void keep() {
    auto renewed = std::chrono::steady_clock::now();
    std::unique_lock guard(mutex_);
    while (!changed_.wait_for(guard, lock_->lifetime() / 3, [this] { return stop_; })) {
      guard.unlock();
      const auto begun = std::chrono::steady_clock::now();
      const Status status = lock_->renew();
      guard.lock();
      if (status) {
        renewed = begun;
        continue;
      }
      const bool expired = std::chrono::steady_clock::now() - renewed > lock_->lifetime();
      if (status.error().code != Code::kLocked && !expired) continue;
      lost_ = status.error();
      log_warning("the repository's lock is lost: " + to_string(*lost_));
      return;
    }
  }

  std::unique_ptr<LockObject> lock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::optional<Error> lost_;
  std::thread keeper_;
};

}  // namespace

Result<std::unique_ptr<Lease>> lock_object(S3Client& client, const std::string& key) {
  auto lock = std::make_unique<LockObject>(client, key);
  PGDR_CHECK(lock->take());
  return std::unique_ptr<Lease>(std::make_unique<S3Lease>(std::move(lock)));
}

}  // namespace pgdr::store
