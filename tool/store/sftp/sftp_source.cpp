#include <algorithm>
#include <cstring>
#include <deque>

#include <fmt/format.h>

#include "store/sftp/sftp_transfer.hpp"

namespace pgdr::store {
namespace {

class SftpSource : public Source {
 public:
  SftpSource(SftpClient::Loan session, sftp::Handle handle, std::string path, std::string shown,
             std::uint64_t offset, std::uint64_t end)
      : session_(std::move(session)),
        handle_(std::move(handle)),
        path_(std::move(path)),
        shown_(std::move(shown)),
        at_(offset),
        asked_(offset),
        end_(end) {}

  ~SftpSource() override {
    if (!session_) return;
    // Answers that nobody waits for would come up in the next conversation.
    if (!ahead_.empty() || session_->broken()) {
      session_.drop();
    } else if (!closed_) {
      [[maybe_unused]] const Status ignored = session_->close(handle_);
    }
  }

  Result<std::size_t> read(MutableBytes buffer) override {
    if (used_ == data_.size()) {
      if (at_ == end_) return finish();
      PGDR_CHECK(next());
    }
    const std::size_t n = std::min(buffer.size(), data_.size() - used_);
    std::memcpy(buffer.data(), data_.data() + used_, n);
    used_ += n;
    return n;
  }

 private:
  struct Request {
    std::uint32_t id;
    std::uint64_t offset;
    std::uint32_t size;
  };

  Status ask_ahead() {
    while (asked_ < end_ && asked_ - at_ < kAhead) {
      const auto size =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(session_->read_size(), end_ - asked_));
      PGDR_TRY(const std::uint32_t id, session_->ask_read(handle_, asked_, size));
      ahead_.push_back({id, asked_, size});
      asked_ += size;
    }
    return success();
  }

  Status next() {
    PGDR_CHECK(ask_ahead());
    Request request = ahead_.front();
    ahead_.pop_front();
    PGDR_TRY(sftp::Reply reply, session_->collect(request.id));
    if (reply.status() == sftp::StatusCode::kEof) {
      return Error::of(Code::kCorrupt,
                       fmt::format("{} ended {} bytes early while being read", shown_, end_ - at_),
                       "was it replaced or cut short by another program?");
    }
    if (reply.type != sftp::Type::kData) return sftp::Session::failure(reply, "read", shown_);
    sftp::Fields fields(reply.body);
    data_ = fields.text();
    used_ = 0;
    if (!fields.good() || data_.empty() || data_.size() > request.size) {
      return Error::of(Code::kFailed, fmt::format("{}: the server's answer is no SFTP", shown_));
    }
    at_ += data_.size();
    if (data_.size() < request.size) {
      // A server may send less than asked for: the rest comes next.
      request.offset += data_.size();
      request.size -= static_cast<std::uint32_t>(data_.size());
      PGDR_TRY(request.id, session_->ask_read(handle_, request.offset, request.size));
      ahead_.push_front(request);
    }
    return success();
  }

  Result<std::size_t> finish() {
    if (!closed_) {
      closed_ = true;
      PGDR_CHECK(session_->close(handle_));
    }
    return std::size_t{0};
  }

  SftpClient::Loan session_;
  sftp::Handle handle_;
  std::string path_;
  std::string shown_;
  std::uint64_t at_;     // received so far
  std::uint64_t asked_;  // asked for so far
  std::uint64_t end_;    // where reading stops
  std::deque<Request> ahead_;
  std::string data_;
  std::size_t used_ = 0;
  bool closed_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_sftp_source(SftpClient& client, const std::string& key,
                                                 std::uint64_t offset, std::uint64_t length) {
  PGDR_TRY(SftpClient::Loan session, client.take());
  const std::string path = client.path_of(key);
  const std::string shown = client.shown(key);
  // Looked at before it is opened: opening a FIFO would wait for its writer.
  const Result<sftp::Attributes> there = session->lstat(path);
  if (!there) {
    if (there.error().code == Code::kNotFound) PGDR_CHECK(client.check_root(*session));
    return there.error();
  }
  if (!there->is_file()) {
    return Error::of(Code::kFailed, fmt::format("{} is not a regular file", shown),
                     "a repository holds no links and no special files: move it away");
  }
  PGDR_TRY(sftp::Handle handle, session->open_file(path, sftp::kRead));
  PGDR_TRY(const sftp::Attributes now, session->fstat(handle, path));
  if (!now.size || offset > *now.size) {
    const Error error = Error::of(
        Code::kCorrupt,
        fmt::format("{} has only {} bytes, {} were expected", shown, now.size.value_or(0), offset));
    PGDR_CHECK(session->close(handle));
    return error;
  }
  const std::uint64_t end = offset + std::min(length, *now.size - offset);
  return std::unique_ptr<Source>(std::make_unique<SftpSource>(std::move(session), std::move(handle),
                                                              path, shown, offset, end));
}

}  // namespace pgdr::store
