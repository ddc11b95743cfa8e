#include <algorithm>
#include <deque>
#include <optional>

#include <fmt/format.h>

#include "base/log.hpp"
#include "store/digest.hpp"
#include "store/folder.hpp"
#include "store/sftp/sftp_transfer.hpp"

namespace pgdr::store {
namespace {

// Less room than this after a failed write: the file system is full, whatever the server calls it.
constexpr std::uint64_t kFull = 1U << 20U;

class SftpUpload : public Upload {
 public:
  SftpUpload(SftpClient& client, SftpClient::Loan session, std::string key, std::string temporary,
             sftp::Handle handle)
      : keep_(client.shared_from_this()),
        client_(client),
        session_(std::move(session)),
        key_(std::move(key)),
        temporary_(std::move(temporary)),
        handle_(std::move(handle)) {}

  // Given up: the temporary goes at once where the server can still be reached. Else leftovers()
  // finds it.
  ~SftpUpload() override {
    if (done_ || session_->broken()) return;
    session_->set_cleanup(true);
    const bool clean = collect_down_to(0).ok();
    const Status closed = clean ? close() : success();
    const Status removed =
        clean ? session_->remove(client_.path_of(temporary_)) : Status(success());
    if (!clean || !closed || !removed) {
      log_verbose(client_.shown(temporary_) + " stays behind until leftovers are removed");
    }
    if (!clean) session_.drop();
  }

  Status write(Bytes data) override {
    hasher_.update(data);
    while (!data.empty()) {
      const std::size_t room = session_->write_size() - buffer_.size();
      const std::size_t n = std::min(room, data.size());
      if (buffer_.empty() && n == session_->write_size()) {
        PGDR_CHECK(send(data.first(n)));
      } else {
        buffer_.insert(buffer_.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(n));
        if (buffer_.size() == session_->write_size()) PGDR_CHECK(send_buffer());
      }
      data = data.subspan(n);
    }
    return success();
  }

  Status finish() override {
    if (!buffer_.empty()) PGDR_CHECK(send_buffer());
    PGDR_CHECK(collect_down_to(0));
    const std::string path = client_.path_of(temporary_);
    PGDR_TRY(const sftp::Attributes now, session_->fstat(handle_, path));
    if (now.size != sent_) {
      return Error::of(Code::kCorrupt,
                       fmt::format("{} has {} bytes after {} were written",
                                   client_.shown(temporary_), now.size.value_or(0), sent_),
                       "another process wrote to it, or the file system is faulty");
    }
    if (session_->can_sync()) PGDR_CHECK(session_->sync(handle_, path));
    PGDR_CHECK(close());
    PGDR_TRY(const bool placed, put_in_place(path));
    if (!placed) PGDR_CHECK(accept_existing());
    return sync_folders();
  }

 private:
  Status send_buffer() {
    PGDR_CHECK(send(Bytes(buffer_)));
    buffer_.clear();
    return success();
  }

  Status send(Bytes data) {
    PGDR_CHECK(collect_down_to(kAhead - data.size()));
    PGDR_TRY(const std::uint32_t id, session_->ask_write(handle_, sent_, data));
    ahead_.push_back({id, data.size()});
    on_the_way_ += data.size();
    sent_ += data.size();
    return success();
  }

  // Waits for answers until at most so many bytes are unanswered.
  Status collect_down_to(std::size_t most) {
    while (!ahead_.empty() && on_the_way_ > most) {
      PGDR_TRY(const sftp::Reply reply, session_->collect(ahead_.front().first));
      on_the_way_ -= ahead_.front().second;
      ahead_.pop_front();
      if (reply.type == sftp::Type::kStatus && reply.status() == sftp::StatusCode::kOk) continue;
      return why_not_written(sftp::Session::failure(reply, "write", client_.shown(key_)));
    }
    return success();
  }

  // Version 3 has no code for a full file system.
  Error why_not_written(Error error) {
    while (!ahead_.empty()) {
      const auto ignored = session_->collect(ahead_.front().first);
      ahead_.pop_front();
      if (!ignored) return error;
    }
    on_the_way_ = 0;
    const auto room = session_->free_space(client_.options().path);
    if (room && *room && **room < kFull) {
      error.code = Code::kNoSpace;
      error.message += ": the file system there is full";
      error.hint = "make room there, then run the command again";
    }
    return error;
  }

  Status close() {
    if (closed_) return success();
    closed_ = true;
    return session_->close(handle_);
  }

  // False: something of that name is there.
  Result<bool> put_in_place(const std::string& path) {
    const std::string target = client_.path_of(key_);
    if (client_.options().use_hard_links && session_->can_link()) {
      const Status linked = session_->hard_link(path, target);
      if (linked) {
        PGDR_CHECK(session_->remove(path));
        done_ = true;
        return true;
      }
      if (session_->broken()) return linked.error();
    }
    // A file system without hard links, or a server that makes none. Looked at before, for servers
    // whose rename overwrites against the protocol.
    PGDR_TRY(const bool there, exists(target));
    if (there) return false;
    const Status renamed = session_->rename(path, target);
    if (renamed) {
      done_ = true;
      return true;
    }
    if (session_->broken()) return renamed.error();
    PGDR_TRY(const bool now, exists(target));
    if (now) return false;
    return renamed.error();
  }

  Result<bool> exists(const std::string& path) {
    const Result<sftp::Attributes> there = session_->lstat(path);
    if (there) return true;
    if (there.error().code == Code::kNotFound) return false;
    return there.error();
  }

  // Another process, or an earlier try, was here first: with the same bytes that is no failure.
  Status accept_existing() {
    PGDR_TRY(const std::unique_ptr<Source> source, open_sftp_source(client_, key_, 0));
    Hasher hasher(Hasher::Kind::kSha256);
    std::vector<std::byte> buffer(128U << 10U);
    std::uint64_t size = 0;
    for (;;) {
      PGDR_TRY(const std::size_t n, source->read(buffer));
      if (n == 0) break;
      size += n;
      hasher.update(Bytes(buffer.data(), n));
      if (size > sent_) break;
    }
    if (size != sent_ || hasher.finish() != hasher_.finish()) {
      return Error::of(Code::kExists,
                       fmt::format("{} exists already, with other content", client_.shown(key_)),
                       "nothing was overwritten; find out which of the two is right");
    }
    return success();
  }

  // From the object's folder up to the root: each name is durable only with its folder.
  Status sync_folders() {
    std::string folder = client_.folder_of(key_);
    for (std::size_t i = split_key(key_).first.size() + 1; i > 0; --i) {
      PGDR_CHECK(client_.sync_folder(*session_, folder));
      folder = folder.substr(0, folder.rfind('/'));
    }
    return success();
  }

  std::shared_ptr<SftpClient> keep_;
  SftpClient& client_;
  SftpClient::Loan session_;
  const std::string key_;
  const std::string temporary_;
  sftp::Handle handle_;
  Hasher hasher_{Hasher::Kind::kSha256};
  std::vector<std::byte> buffer_;
  std::deque<std::pair<std::uint32_t, std::size_t>> ahead_;  // id and bytes
  std::size_t on_the_way_ = 0;
  std::uint64_t sent_ = 0;
  bool closed_ = false;
  bool done_ = false;  // the temporary is gone
};

}  // namespace

Result<std::unique_ptr<Upload>> start_sftp_upload(SftpClient& client, const std::string& key) {
  PGDR_TRY(SftpClient::Loan session, client.take());
  // A folder may vanish between being made and used: remove() takes empty ones away.
  constexpr int kTries = 5;
  for (int i = 0;; ++i) {
    std::string temporary = temporary_key(key);
    Result<sftp::Handle> handle = session->open_file(
        client.path_of(temporary), sftp::kRead | sftp::kWrite | sftp::kCreate | sftp::kExclusive);
    if (handle) {
      return std::unique_ptr<Upload>(std::make_unique<SftpUpload>(
          client, std::move(session), key, std::move(temporary), std::move(*handle)));
    }
    if (handle.error().code != Code::kNotFound || i + 1 == kTries) return handle.error();
    PGDR_CHECK(client.make_folders(*session, key));
  }
}

}  // namespace pgdr::store
