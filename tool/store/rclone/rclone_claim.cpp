#include "store/rclone/rclone_claim.hpp"

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/log.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{150};
constexpr milliseconds kLongestWait{5000};

}  // namespace

RcloneClaim::RcloneClaim(std::shared_ptr<RcloneClient> client, std::string folder,
                         const std::string& stem)
    : client_(std::move(client)), folder_(std::move(folder)), stem_(stem + "+") {}

milliseconds RcloneClaim::lifetime() const { return client_->options().lock_lifetime; }

Status RcloneClaim::write() {
  return client_->put_text(folder_ + stem_ + own_.token,
                           write_lock_text(own_, lifetime(), renewals_++));
}

Result<std::string> RcloneClaim::rival() {
  PGDR_TRY(const auto listed, client_->list(folder_, false));
  const std::vector<RcloneItem> items = listed.value_or(std::vector<RcloneItem>());
  const std::string mine = stem_ + own_.token;
  // The remote's clock, by our own claim, which was written just now.
  const RcloneItem* own = nullptr;
  for (const RcloneItem& item : items) {
    if (item.path == mine) own = &item;
  }
  if (own == nullptr) {
    return Error::of(Code::kLocked, fmt::format("{} was removed by someone else, or the remote's "
                                                "listings lag behind",
                                                client_->shown(folder_ + mine)));
  }
  for (const RcloneItem& item : items) {
    if (!item.path.starts_with(stem_) || item.path == mine) continue;
    if (own->modified - item.modified > lifetime()) continue;  // of a process that died
    return item.path;
  }
  return std::string();
}

Status RcloneClaim::take(int tries) {
  milliseconds wait = kFirstWait;
  for (int i = 1;; ++i) {
    PGDR_CHECK(write());
    const Result<std::string> other = rival();
    if (other && other->empty()) return success();
    // Withdrawn at once, so that of several who came together one is alone some time.
    release();
    if (!other) return other.error();
    if (i == tries) {
      LockText holder{"", "an unknown process"};
      if (const auto text = client_->get_text(folder_ + *other)) {
        if (const auto read = read_lock_text(*text)) holder = *read;
      }
      return Error::of(
          Code::kLocked,
          fmt::format("{} is held by {}", client_->shown(folder_ + *other), holder.owner),
          fmt::format("wait for it to end; if that process is dead, the lock is free "
                      "{} after its last renewal",
                      format_duration(lifetime())));
    }
    const RetryPolicy& policy = client_->options().retry;
    PGDR_CHECK(policy.sleep(milliseconds(
        static_cast<milliseconds::rep>(static_cast<double>(wait.count()) * policy.random()))));
    wait = std::min(wait * 2, kLongestWait);
  }
}

Status RcloneClaim::renew() {
  // Looked for before it is written again: that would hide its loss.
  PGDR_TRY(const auto there, client_->stat(folder_ + stem_ + own_.token));
  if (!there) {
    return Error::of(Code::kLocked, fmt::format("{} was removed by someone else",
                                                client_->shown(folder_ + stem_ + own_.token)));
  }
  return write();
}

void RcloneClaim::release() {
  const std::string key = folder_ + stem_ + own_.token;
  if (const Status removed = client_->remove(key); !removed) {
    log_warning(fmt::format("{} could not be removed; it expires after {}", client_->shown(key),
                            format_duration(lifetime())));
  }
}

}  // namespace pgdr::store
