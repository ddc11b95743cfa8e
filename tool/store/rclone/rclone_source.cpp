#include <algorithm>

#include <fmt/format.h>

#include "store/rclone/rclone_transfer.hpp"

namespace pgdr::store {
namespace {

class RcloneSource : public Source {
 public:
  // process: null when nothing is left to read.
  RcloneSource(std::unique_ptr<Process> process, std::uint64_t left, std::string shown)
      : process_(std::move(process)), left_(left), shown_(std::move(shown)) {}

  Result<std::size_t> read(MutableBytes buffer) override {
    if (!process_) return std::size_t{0};
    PGDR_TRY(const std::size_t n, process_->out().read(buffer));
    if (n > left_) {
      return Error::of(Code::kCorrupt, fmt::format("{} is longer than announced", shown_));
    }
    left_ -= n;
    if (n > 0) return n;
    PGDR_TRY(const ExitStatus status, process_->wait());
    PGDR_CHECK(RcloneClient::check_exit(status, "read " + shown_));
    if (left_ == 0) return std::size_t{0};
    return Error::of(Code::kCorrupt,
                     fmt::format("{} ended {} bytes early while being read", shown_, left_),
                     "was it replaced or cut short by another program?");
  }

 private:
  std::unique_ptr<Process> process_;
  std::uint64_t left_;
  std::string shown_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_rclone_source(RcloneClient& client, const std::string& key,
                                                   std::uint64_t offset) {
  const std::string shown = client.shown(key);
  PGDR_TRY(const std::optional<RcloneItem> there, client.stat(key));
  if (!there) return Error::of(Code::kNotFound, shown + " is not there");
  if (offset > there->size) {
    return Error::of(Code::kCorrupt, fmt::format("{} has only {} bytes, {} were expected", shown,
                                                 there->size, offset));
  }
  const std::uint64_t left = there->size - offset;
  std::unique_ptr<Process> process;
  if (left > 0) {
    PGDR_TRY(process,
             client.start({"cat", "--offset", std::to_string(offset), client.place_of(key)}, false,
                          true));
  }
  return std::unique_ptr<Source>(std::make_unique<RcloneSource>(std::move(process), left, shown));
}

}  // namespace pgdr::store
