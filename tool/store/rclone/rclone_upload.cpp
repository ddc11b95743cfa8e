#include <optional>

#include <fmt/format.h>

#include "base/log.hpp"
#include "store/digest.hpp"
#include "store/folder.hpp"
#include "store/rclone/rclone_claim.hpp"
#include "store/rclone/rclone_transfer.hpp"

namespace pgdr::store {
namespace {

// A claim is held for a few runs of rclone: with waits that grow, enough for a crowd.
constexpr int kClaimTries = 12;

class RcloneUpload : public Upload {
 public:
  RcloneUpload(RcloneClient& client, std::unique_ptr<Process> process, std::string key,
               std::string temporary)
      : client_(client.shared_from_this()),
        process_(std::move(process)),
        key_(std::move(key)),
        temporary_(std::move(temporary)) {}

  ~RcloneUpload() override {
    if (done_) return;
    // Killed before its standard input ends: a short object must not look finished to it.
    if (process_) process_->kill();
    process_.reset();
    if (const Status removed = client_->remove(temporary_); !removed) {
      log_verbose(client_->shown(temporary_) + " stays behind until leftovers are removed");
    }
  }

  Status write(Bytes data) override {
    sha256_.update(data);
    md5_.update(data);
    size_ += data.size();
    if (const Status written = process_->in().write(data); !written) return died(written.error());
    return success();
  }

  Status finish() override {
    if (const Status ended = process_->in().finish(); !ended) return died(ended.error());
    PGDR_TRY(const ExitStatus status, process_->wait());
    process_.reset();
    PGDR_CHECK(RcloneClient::check_exit(status, "store " + client_->shown(key_)));
    const std::string md5 = md5_.ok() ? to_hex(md5_.finish()) : std::string();
    PGDR_CHECK(check_stored(temporary_, md5, false));

    const std::size_t slash = key_.rfind('/') + 1;  // 0 without one
    RcloneClaim claim(client_, key_.substr(0, slash), kClaimPrefix + key_.substr(slash));
    PGDR_CHECK(claim.take(kClaimTries));
    Status placed = put_in_place(md5);
    claim.release();
    return placed;
  }

 private:
  // The pipe broke because rclone ended: its own words say why.
  Error died(const Error& error) {
    if (error.code == Code::kInterrupted) return error;
    const Result<ExitStatus> status = process_->wait();
    if (!status) return status.error();
    const Status why = RcloneClient::check_exit(*status, "store " + client_->shown(key_));
    return why ? error : why.error();
  }

  Status put_in_place(const std::string& md5) {
    PGDR_TRY(const std::optional<RcloneItem> there, client_->stat(key_));
    if (there) return accept_existing(*there);
    PGDR_TRY([[maybe_unused]] const std::string said,
             client_->run({"moveto", client_->place_of(temporary_), client_->place_of(key_)},
                          "put in place " + client_->shown(key_)));
    done_ = true;
    return check_stored(key_, md5, true);
  }

  // Size, and the MD5 where the remote keeps one.
  Status check_stored(const std::string& key, const std::string& md5, bool with_md5) {
    PGDR_TRY(const std::optional<RcloneItem> stored, client_->stat(key, with_md5));
    if (stored && stored->size == size_ &&
        (stored->md5.empty() || md5.empty() || stored->md5 == md5)) {
      return success();
    }
    return Error::of(
        Code::kCorrupt,
        fmt::format("{} has {} after {} bytes were written", client_->shown(key),
                    stored ? fmt::format("{} bytes{}", stored->size,
                                         stored->size == size_ ? ", but other ones" : "")
                           : std::string("nothing"),
                    size_),
        "is another program writing to the same place?");
  }

  Status accept_existing(const RcloneItem& there) {
    bool same = there.size == size_;
    if (same) {
      PGDR_TRY(const std::unique_ptr<Source> source, open_rclone_source(*client_, key_, 0));
      Hasher hasher(Hasher::Kind::kSha256);
      std::vector<std::byte> buffer(128U << 10U);
      for (;;) {
        PGDR_TRY(const std::size_t n, source->read(buffer));
        if (n == 0) break;
        hasher.update(Bytes(buffer.data(), n));
      }
      same = hasher.finish() == sha256_.finish();
    }
    if (same) return success();
    return Error::of(Code::kExists,
                     fmt::format("{} exists already, with other content", client_->shown(key_)),
                     "nothing was overwritten; find out which of the two is right");
  }

  std::shared_ptr<RcloneClient> client_;
  std::unique_ptr<Process> process_;
  const std::string key_;
  const std::string temporary_;
  Hasher sha256_{Hasher::Kind::kSha256};
  Hasher md5_{Hasher::Kind::kMd5};
  std::uint64_t size_ = 0;
  bool done_ = false;  // the temporary is gone
};

}  // namespace

Result<std::unique_ptr<Upload>> start_rclone_upload(RcloneClient& client, const std::string& key) {
  PGDR_CHECK(client.check_root());
  std::string temporary = temporary_key(key);
  PGDR_TRY(auto process, client.start({"rcat", client.place_of(temporary)}, true, false));
  return std::unique_ptr<Upload>(
      std::make_unique<RcloneUpload>(client, std::move(process), key, std::move(temporary)));
}

}  // namespace pgdr::store
