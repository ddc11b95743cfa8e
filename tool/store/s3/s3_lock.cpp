#include "store/s3/s3_lock.hpp"

#include <optional>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "store/digest.hpp"
#include "store/kept_lease.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;

// A lock object as it is stored.
struct HeldObject {
  std::string version;  // entity tag or generation
  LockText text;
  milliseconds age{};  // since the last renewal, by the server's clock
};

class LockObject : public RenewableLock {
 public:
  LockObject(S3Client& client, std::string key)
      : keep_(client.shared_from_this()),
        client_(client),
        key_(std::move(key)),
        what_(fmt::format("cannot lock {}", client.shown(key_))),
        lifetime_(client.options().lock_lifetime) {}

  Status take() {
    PGDR_TRY(const std::optional<HeldObject> held, read());
    if (held && held->age < lifetime_) return locked(*held);
    if (held) {
      log_warning(fmt::format("the lock {} of {} was not renewed for {}: taking it over",
                              client_.shown(key_), held->text.owner, format_duration(held->age)));
    }
    const NameValue condition = held ? client_.if_unchanged(held->version) : client_.if_absent();
    PGDR_TRY(const S3Reply reply, write(condition));
    if (reply.refused_condition() || reply.http.status == 409) return locked_by_now();
    if (reply.unknown_condition()) {
      client_.conditional = false;
      PGDR_TRY(const S3Reply plain, write(std::nullopt));
      if (!plain.ok()) return client_.failure(plain, what_);
    } else if (!reply.ok()) {
      return client_.failure(reply, what_);
    } else {
      PGDR_TRY(const S3Reply again, write(client_.if_absent()));
      client_.conditional = again.refused_condition();
    }
    if (!client_.conditional)
      PGDR_CHECK(client_.options().retry.sleep(client_.options().lock_settle));
    PGDR_TRY(const std::optional<HeldObject> mine, read());
    if (!mine) return Error::of(Code::kFailed, what_ + ": it vanished at once");
    if (mine->text.token != own_.token) return locked(*mine);
    version_ = mine->version;
    return success();
  }

  // kLocked when the lock is another's now.
  Status renew() override {
    ++renewals_;
    if (client_.conditional) {
      PGDR_TRY(const S3Reply reply, write(client_.if_unchanged(version_)));
      if (reply.ok()) {
        version_ = client_.version_of(reply.http);
        return success();
      }
      // Refused: perhaps an earlier try of this very request got through.
      if (!reply.refused_condition() && reply.http.status != 404) {
        return client_.failure(reply, what_);
      }
    }
    PGDR_TRY(const std::optional<HeldObject> held, read());
    if (!held) return Error::of(Code::kLocked, what_ + ": it was removed by someone else");
    if (held->text.token != own_.token) return locked(*held);
    version_ = held->version;
    if (client_.conditional) return success();
    PGDR_TRY(const S3Reply plain, write(std::nullopt));
    return plain.ok() ? success() : Status(client_.failure(plain, what_));
  }

  void release() override {
    const Result<std::optional<HeldObject>> held = read();
    if (!held || !*held || (*held)->text.token != own_.token) return;
    S3Request request;
    request.method = "DELETE";
    request.key = key_;
    request.cleanup = true;
    const Result<S3Reply> reply = client_.call(request);
    if (!reply || !reply->ok()) {
      log_warning(fmt::format("the lock {} could not be removed; it expires after {}",
                              client_.shown(key_), format_duration(lifetime_)));
    }
  }

  // From now on requests go on after a signal: the holder may still be cleaning up.
  void mark_held() { holding_ = true; }
  [[nodiscard]] milliseconds lifetime() const override { return lifetime_; }

 private:
  [[nodiscard]] Error locked(const HeldObject& held) const {
    return locked_error(client_.shown(key_), held.text, held.age, lifetime_);
  }

  Status locked_by_now() {
    PGDR_TRY(const std::optional<HeldObject> held, read());
    if (!held) {
      Error error = Error::of(Code::kLocked, what_ + ": another process took and released it");
      return error;
    }
    // Ours: an answer was lost and the request repeated.
    if (held->text.token == own_.token) {
      version_ = held->version;
      return success();
    }
    return locked(*held);
  }

  Result<std::optional<HeldObject>> read() {
    S3Request request;
    request.method = "GET";
    request.key = key_;
    request.cleanup = holding_;
    PGDR_TRY(const S3Reply reply, client_.call(request));
    if (reply.absent()) return std::optional<HeldObject>();
    if (!reply.ok()) return client_.failure(reply, what_);
    HeldObject held;
    held.version = client_.version_of(reply.http);
    const std::optional<Time> now = parse_http_date(reply.http.header("date"));
    const std::optional<Time> modified = parse_http_date(reply.http.header("last-modified"));
    if (held.version.empty() || !now || !modified) {
      return Error::of(Code::kFailed,
                       what_ + ": the server's answer lacks Date, Last-Modified or the version");
    }
    held.age =
        std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(*now - *modified));
    Result<LockText> text = read_lock_text(reply.http.body);
    if (!text) return text.error().context(what_);
    held.text = std::move(*text);
    return std::optional<HeldObject>(std::move(held));
  }

  Result<S3Reply> write(const std::optional<NameValue>& condition) {
    const std::string text = write_lock_text(own_, lifetime_, renewals_);
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
  const LockText own_ = own_lock_text();
  std::string version_;
  unsigned renewals_ = 0;
  bool holding_ = false;
};

}  // namespace

Result<std::unique_ptr<Lease>> lock_object(S3Client& client, const std::string& key) {
  auto lock = std::make_unique<LockObject>(client, key);
  PGDR_CHECK(lock->take());
  lock->mark_held();
  return keep_lease(std::move(lock));
}

}  // namespace pgdr::store
