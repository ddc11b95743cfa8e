#include "repo/copy_reader.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <future>

#include <fmt/format.h>

#include "base/interrupt.hpp"
#include "base/warn.hpp"
#include "pipe/chunk_hash.hpp"

namespace pgdr::app {
namespace {

// Pieces on their way at once: enough to fill a line with a network's delays on it; on a disk, to
// compare one while the next is read.
constexpr std::size_t kRemoteAtOnce = 4;
constexpr std::size_t kLocalAtOnce = 2;

using Piece = Result<std::vector<std::byte>>;

}  // namespace

class CopySource final : public Source {
 public:
  CopySource(CopyReader& reader, const Artifact& artifact, const ChunkList* chunks)
      : reader_(reader),
        artifact_(artifact),
        chunks_(chunks),
        piece_bytes_(chunks != nullptr ? chunks->chunk_bytes : kChunkBytes),
        pieces_((artifact.stored_bytes + piece_bytes_ - 1) / piece_bytes_) {}

  Result<std::size_t> read(MutableBytes buffer) override {
    if (buffer.empty()) return std::size_t{0};
    if (at_ == piece_.size()) {
      fill_window();
      if (window_.empty()) return std::size_t{0};
      if (interrupted()) return interrupted_error();
      Piece next = window_.front().get();
      window_.pop_front();
      if (!next) return next.error();
      piece_ = std::move(*next);
      at_ = 0;
    }
    const std::size_t n = std::min(buffer.size(), piece_.size() - at_);
    std::memcpy(buffer.data(), piece_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  void fill_window() {
    const std::size_t most = reader_.copy().repository->remote ? kRemoteAtOnce : kLocalAtOnce;
    while (window_.size() < most && next_ < pieces_) {
      window_.push_back(
          std::async(std::launch::async, [this, index = next_] { return fetch(index); }));
      ++next_;
    }
  }

  // From the copy in use, or from the next one where that fails.
  Piece fetch(std::uint64_t index) {
    for (;;) {
      const StoredBackup& copy = reader_.copy();
      Piece piece = fetch_from(copy, index);
      if (piece || piece.error().code == Code::kInterrupted) return piece;
      PGDR_CHECK(reader_.give_up(copy, piece.error()));
    }
  }

  [[nodiscard]] Piece fetch_from(const StoredBackup& copy, std::uint64_t index) const {
    const std::string key = backup_prefix(copy.manifest.set, copy.manifest.label) + artifact_.name;
    const std::uint64_t offset = index * piece_bytes_;
    const std::uint64_t length = std::min(piece_bytes_, artifact_.stored_bytes - offset);
    const auto damaged = [&](const std::string& how) {
      return Error::of(Code::kCorrupt,
                       fmt::format("backup {} in repository {}: {} {}", copy.manifest.label,
                                   copy.repository->name, artifact_.name, how));
    };
    auto source = copy.repository->store->open_range(key, offset, length);
    if (!source) {
      if (source.error().code == Code::kNotFound) return damaged("is missing");
      return source.error().context("repository " + copy.repository->name);
    }
    std::vector<std::byte> piece(static_cast<std::size_t>(length));
    const auto got = read_full(**source, piece);
    if (!got) return got.error().context("repository " + copy.repository->name);
    if (*got < length) {
      return damaged(fmt::format("is truncated: {} of {} bytes are there", offset + *got,
                                 artifact_.stored_bytes));
    }
    if (chunks_ != nullptr && pipe::sha256_of(piece) != chunks_->sha256[index]) {
      return damaged(
          fmt::format("is not what was stored: bytes {} to {} have another SHA-256 "
                      "digest",
                      offset, offset + length - 1));
    }
    return piece;
  }

  CopyReader& reader_;
  const Artifact& artifact_;
  const ChunkList* chunks_;
  std::uint64_t piece_bytes_;
  std::uint64_t pieces_;
  std::uint64_t next_ = 0;  // the piece to ask for next
  std::vector<std::byte> piece_;
  std::size_t at_ = 0;
  std::deque<std::future<Piece>> window_;  // last: its threads use the others
};

CopyReader::CopyReader(std::vector<const StoredBackup*> copies) : copies_(std::move(copies)) {}

const StoredBackup& CopyReader::copy() const {
  const std::lock_guard lock(mutex_);
  return *copies_[std::min(current_, copies_.size() - 1)];
}

std::vector<GivenUp> CopyReader::given_up() const {
  const std::lock_guard lock(mutex_);
  return given_up_;
}

bool CopyReader::exhausted() const {
  const std::lock_guard lock(mutex_);
  return current_ >= copies_.size();
}

// The first copy from current_ on that passes the check. Under the lock: other streams wait.
Status CopyReader::switch_on(std::unique_lock<std::mutex>&) {
  for (; current_ < copies_.size(); ++current_) {
    const StoredBackup& next = *copies_[current_];
    Status good = check_ ? check_(next) : success();
    if (good) {
      if (!given_up_.empty()) {
        log_warning(fmt::format("going on with the copy in repository {}", next.repository->name));
      }
      return success();
    }
    // A wrong key is wrong for every copy, and a signal is for the whole run.
    if (good.error().code == Code::kInterrupted || good.error().code == Code::kNoKey) return good;
    if (copies_.size() > 1) log_warning(good.error());
    given_up_.push_back({&next, good.error()});
  }
  return given_up_.front().error;
}

Status CopyReader::begin() {
  std::unique_lock lock(mutex_);
  return switch_on(lock);
}

Status CopyReader::give_up(const StoredBackup& copy, const Error& why) {
  std::unique_lock lock(mutex_);
  if (current_ >= copies_.size()) return given_up_.front().error;
  if (copies_[current_] != &copy) return success();
  if (copies_.size() > 1) log_warning(why);
  given_up_.push_back({&copy, why});
  ++current_;
  return switch_on(lock);
}

Result<std::unique_ptr<Source>> CopyReader::open(const Artifact& artifact,
                                                 const ChunkList* chunks) {
  return std::unique_ptr<Source>(std::make_unique<CopySource>(*this, artifact, chunks));
}

}  // namespace pgdr::app
