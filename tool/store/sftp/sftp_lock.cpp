#include "store/sftp/sftp_lock.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "store/folder.hpp"
#include "store/kept_lease.hpp"
#include "store/local/local.hpp"

namespace pgdr::store {
namespace {

using sftp::Session;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kLargestLock = 4096;

// A file that makes the taking-over of an old lock exclusive.
constexpr const char* kTakeOverSuffix = ".take-over";

struct HeldFile {
  LockText text;
  milliseconds age{};  // since the last renewal, by the server's clock
};

class SftpLock : public RenewableLock {
 public:
  SftpLock(SftpClient& client, const std::string& name)
      : keep_(client.shared_from_this()), client_(client), file_(kLockPrefix + name) {
    std::replace(file_.begin(), file_.end(), '/', '+');  // '+' is in no key
    path_ = client.path_of(file_);
    shown_ = client.shown(file_);
  }

  Status take() {
    PGDR_TRY(const SftpClient::Loan session, client_.take());
    constexpr int kTries = 3;
    for (int i = 0;; ++i) {
      Status created = create(*session, path_, text());
      if (created) return success();
      if (session->broken()) return created;
      PGDR_TRY(const std::optional<HeldFile> held, read(*session));
      if (!held) {
        PGDR_CHECK(client_.check_root(*session));
        if (i + 1 == kTries) return created;  // it comes and goes, or may not be made
        continue;
      }
      if (held->age < lifetime()) return locked(*held);
      log_warning(fmt::format("the lock {} of {} was not renewed for {}: taking it over", shown_,
                              held->text.owner, format_duration(held->age)));
      return take_over(*session, *held);
    }
  }

  Status renew() override {
    PGDR_TRY(const SftpClient::Loan session, client_.take());
    const Result<sftp::Handle> handle = session->open_file(path_, sftp::kRead | sftp::kWrite);
    if (!handle) {
      if (handle.error().code != Code::kNotFound) return handle.error();
      return Error::of(Code::kLocked,
                       fmt::format("the lock {} was removed by someone else", shown_));
    }
    const Status renewed = rewrite(*session, *handle);
    const Status closed = session->close(*handle);
    return renewed ? closed : renewed;
  }

  void release() override {
    const auto attempt = [&]() -> Status {
      PGDR_TRY(const SftpClient::Loan session, client_.take());
      session->set_cleanup(true);
      PGDR_TRY(const std::optional<HeldFile> held, read(*session));
      if (!held || held->text.token != own_.token) return success();
      return session->remove(path_);
    };
    if (const Status released = attempt(); !released) {
      log_warning(fmt::format("the lock {} could not be removed; it expires after {}", shown_,
                              format_duration(lifetime())));
    }
  }

  [[nodiscard]] milliseconds lifetime() const override { return client_.options().lock_lifetime; }

 private:
  [[nodiscard]] std::string text() const { return write_lock_text(own_, lifetime(), 0); }
  [[nodiscard]] Error locked(const HeldFile& held) const {
    return locked_error(shown_, held.text, held.age, lifetime());
  }

  // Fails when the file is there.
  static Status create(Session& session, const std::string& path, const std::string& content) {
    PGDR_TRY(const sftp::Handle handle,
             session.open_file(path, sftp::kWrite | sftp::kCreate | sftp::kExclusive));
    const Status written = write(session, handle, content, path);
    const Status closed = session.close(handle);
    if (written && closed) return success();
    if (!session.broken()) {
      // An empty lock would keep everybody out.
      [[maybe_unused]] const Status ignored = session.remove(path);
    }
    return written ? closed : written;
  }

  static Status write(Session& session, const sftp::Handle& handle, const std::string& content,
                      const std::string& path) {
    PGDR_TRY(const std::uint32_t id, session.ask_write(handle, 0, bytes_of(content)));
    PGDR_TRY(const sftp::Reply reply, session.collect(id));
    if (reply.type == sftp::Type::kStatus && reply.status() == sftp::StatusCode::kOk) {
      return success();
    }
    return Session::failure(reply, "write", path);
  }

  static Result<std::string> read_file(Session& session, const sftp::Handle& handle,
                                       const std::string& path) {
    PGDR_TRY(const std::uint32_t id, session.ask_read(handle, 0, kLargestLock));
    PGDR_TRY(const sftp::Reply reply, session.collect(id));
    if (reply.status() == sftp::StatusCode::kEof) return std::string();
    if (reply.type != sftp::Type::kData) return Session::failure(reply, "read", path);
    return std::string(sftp::Fields(reply.body).text());
  }

  // The time at the server: that of a file made this moment.
  Result<seconds> server_time(Session& session) {
    const std::string path = client_.path_of(temporary_key("clock"));
    PGDR_TRY(const sftp::Handle handle,
             session.open_file(path, sftp::kWrite | sftp::kCreate | sftp::kExclusive));
    const Result<sftp::Attributes> now = session.fstat(handle, path);
    PGDR_CHECK(session.close(handle));
    PGDR_CHECK(session.remove(path));
    if (!now) return now.error();
    if (!now->mtime) return Error::of(Code::kFailed, "the server tells no times of files");
    return seconds(*now->mtime);
  }

  Result<std::optional<HeldFile>> read(Session& session) {
    const Result<sftp::Handle> handle = session.open_file(path_, sftp::kRead);
    if (!handle) {
      if (handle.error().code == Code::kNotFound) return std::optional<HeldFile>();
      return handle.error();
    }
    const Result<sftp::Attributes> info = session.fstat(*handle, path_);
    const Result<std::string> content = read_file(session, *handle, path_);
    PGDR_CHECK(session.close(*handle));
    if (!info) return info.error();
    if (!content) return content.error();
    HeldFile held;
    if (content->empty()) {
      held.text.owner = "a process that is just taking it";
    } else {
      PGDR_TRY(held.text, read_lock_text(*content));
    }
    PGDR_TRY(const seconds now, server_time(session));
    held.age = std::max(seconds(0), now - seconds(info->mtime.value_or(0)));
    return std::optional<HeldFile>(std::move(held));
  }

  Status rewrite(Session& session, const sftp::Handle& handle) {
    PGDR_TRY(const std::string content, read_file(session, handle, path_));
    PGDR_TRY(const LockText now, read_lock_text(content));
    if (now.token != own_.token) {
      return Error::of(Code::kLocked,
                       fmt::format("the lock {} is now that of {}", shown_, now.owner));
    }
    return write(session, handle, text(), path_);
  }

  Status take_over(Session& session, const HeldFile& old) {
    const std::string guard = path_ + kTakeOverSuffix;
    Status alone = create(session, guard, text());
    if (!alone) {
      if (session.broken()) return alone;
      PGDR_TRY(const bool dead, is_old(session, guard));
      if (dead) PGDR_CHECK(session.remove(guard));
      return Error::of(Code::kLocked,
                       fmt::format("{} is being taken over by another process", shown_),
                       "run the command again");
    }
    const Status taken = [&]() -> Status {
      PGDR_TRY(const std::optional<HeldFile> now, read(session));
      if (now && (now->text.token != old.text.token || now->age < lifetime())) return locked(*now);
      if (now) PGDR_CHECK(session.remove(path_));
      return create(session, path_, text());
    }();
    if (session.broken()) return taken ? Status(success()) : taken;
    const Status removed = session.remove(guard);
    return taken ? removed : taken;
  }

  Result<bool> is_old(Session& session, const std::string& path) {
    const Result<sftp::Attributes> info = session.lstat(path);
    if (!info) {
      if (info.error().code == Code::kNotFound) return false;
      return info.error();
    }
    PGDR_TRY(const seconds now, server_time(session));
    return now - seconds(info->mtime.value_or(0)) > lifetime();
  }

  std::shared_ptr<SftpClient> keep_;
  SftpClient& client_;
  std::string file_;
  std::string path_;
  std::string shown_;
  const LockText own_ = own_lock_text();
};

}  // namespace

Result<std::unique_ptr<Lease>> lock_sftp(SftpClient& client, const std::string& name) {
  auto lock = std::make_unique<SftpLock>(client, name);
  PGDR_CHECK(lock->take());
  return keep_lease(std::move(lock));
}

}  // namespace pgdr::store
