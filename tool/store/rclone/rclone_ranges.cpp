#include "store/rclone/rclone_ranges.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/interrupt.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{10};
// How soon a wait notices a signal.
constexpr milliseconds kTick{100};
// Threads that ask for neighbouring ranges overtake each other: so long, and so many ranges ahead,
// one that came too early waits for the one before it.
constexpr milliseconds kOvertaken{500};
constexpr std::uint64_t kReadAhead = 4;
// Ranges whose ends are remembered.
constexpr std::size_t kEnds = 16;
// Two streams of a restore, each with one that it left behind.
constexpr std::size_t kMostRuns = 4;

// At its end, and where nothing is asked for.
class NoBytes final : public Source {
 public:
  Result<std::size_t> read(MutableBytes /*unused*/) override { return std::size_t{0}; }
};

}  // namespace

class RcloneRanges::Range final : public Source {
 public:
  Range(std::shared_ptr<RcloneRanges> owner, std::shared_ptr<Run> run, std::uint64_t left,
        std::uint64_t size)
      : owner_(std::move(owner)), run_(std::move(run)), left_(left), size_(size) {}

  ~Range() override {
    if (left_ > 0 && run_) owner_->end_run(run_);
  }

  Result<std::size_t> read(MutableBytes buffer) override {
    if (left_ == 0 || buffer.empty()) return std::size_t{0};
    const std::string shown = owner_->client_->shown(run_->key);
    if (!begin()) {
      Error error = Error::of(Code::kFailed, shown + " was not read on for too long");
      error.retryable = true;
      return error;
    }
    const std::size_t most =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
    Result<std::size_t> n = run_->process->out().read(buffer.first(most));
    if (!n || *n == 0) {
      owner_->end_run(run_);
      if (!n) return n.error();
      PGDR_TRY(const ExitStatus status, run_->process->wait());
      PGDR_CHECK(RcloneClient::check_exit(status, "read " + shown));
      return Error::of(
          Code::kCorrupt,
          fmt::format("{} ended {} bytes early while being read", shown, size_ - run_->at),
          "was it replaced or cut short by another program?");
    }
    left_ -= *n;
    PGDR_CHECK(moved_on(*n, shown));
    return n;
  }

 private:
  bool begin() {
    const std::lock_guard lock(owner_->mutex_);
    if (run_->broken) return false;
    run_->reading = true;
    return true;
  }

  Status moved_on(std::size_t n, const std::string& shown) {
    bool at_end = false;
    {
      const std::lock_guard lock(owner_->mutex_);
      run_->reading = false;
      run_->moved = Clock::now();
      run_->at += n;
      at_end = run_->at == size_;
      if (left_ == 0) run_->taken = false;
    }
    owner_->changed_.notify_all();
    if (left_ > 0) return success();
    if (!at_end) return success();
    // Only now is it certain that rclone has nothing to complain about.
    owner_->end_run(run_);
    std::byte more{};
    PGDR_TRY(const std::size_t extra, run_->process->out().read(MutableBytes(&more, 1)));
    if (extra > 0) return Error::of(Code::kCorrupt, shown + " is longer than announced");
    PGDR_TRY(const ExitStatus status, run_->process->wait());
    return RcloneClient::check_exit(status, "read " + shown);
  }

  std::shared_ptr<RcloneRanges> owner_;
  std::shared_ptr<Run> run_;
  std::uint64_t left_;
  std::uint64_t size_;  // where the run ends
};

void RcloneRanges::end_run(const std::shared_ptr<Run>& run) {
  {
    const std::lock_guard lock(mutex_);
    run->broken = true;
    run->reading = false;
    std::erase(runs_, run);
  }
  changed_.notify_all();
}

void RcloneRanges::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (key_ == key) key_.clear();
}

Result<std::uint64_t> RcloneRanges::size_of(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    if (key_ == key) return size_;
  }
  PGDR_TRY(const std::optional<RcloneItem> there, client_->stat(key));
  if (!there) return Error::of(Code::kNotFound, client_->shown(key) + " is not there");
  const std::lock_guard lock(mutex_);
  if (key_ != key) {
    key_ = key;
    size_ = there->size;
    ends_.clear();
  }
  return there->size;
}

Result<std::unique_ptr<Process>> RcloneRanges::start(const std::string& key, std::uint64_t offset,
                                                     std::optional<std::uint64_t> count) {
  std::vector<std::string> arguments = {"cat", "--offset", std::to_string(offset)};
  if (count) arguments.insert(arguments.end(), {"--count", std::to_string(*count)});
  arguments.push_back(client_->place_of(key));
  return client_->start(std::move(arguments), false, true);
}

Result<bool> RcloneRanges::await_turn(Run& run, std::uint64_t offset) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (run.broken) return false;
    if (!run.taken && run.at == offset) {
      run.taken = true;
      run.moved = Clock::now();
      return true;
    }
    if (interrupted()) return interrupted_error();
    if (!run.reading && Clock::now() - run.moved > kPatience) return false;
    changed_.wait_for(lock, kTick);
  }
}

Result<std::unique_ptr<Source>> RcloneRanges::open(const std::string& key, std::uint64_t offset,
                                                   std::uint64_t length) {
  PGDR_TRY(const std::uint64_t size, size_of(key));
  if (offset > size) {
    return Error::of(Code::kCorrupt, fmt::format("{} has only {} bytes, {} were expected",
                                                 client_->shown(key), size, offset));
  }
  length = std::min(length, size - offset);
  if (length == 0) return std::unique_ptr<Source>(std::make_unique<NoBytes>());
  std::shared_ptr<Run> joined;
  bool in_order = false;
  {
    std::unique_lock lock(mutex_);
    const auto before = [&](std::uint64_t end) {
      return end < offset && offset - end <= kReadAhead * length;
    };
    for (const auto deadline = Clock::now() + kOvertaken;;) {
      bool near = false;
      if (key_ == key) {
        in_order = std::find(ends_.begin(), ends_.end(), offset) != ends_.end();
        near = std::any_of(ends_.begin(), ends_.end(), before);
      }
      for (const auto& run : runs_) {
        if (run->broken || run->key != key) continue;
        if (run->promised == offset) joined = run;
        near = near || before(run->promised);
      }
      if (joined || in_order || !near || interrupted()) break;
      if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) break;
    }
    if (joined) joined->promised += length;
    if (key_ == key) {
      ends_.push_back(offset + length);
      if (ends_.size() > kEnds) ends_.pop_front();
    }
  }
  changed_.notify_all();
  if (joined) {
    PGDR_TRY(const bool turn, await_turn(*joined, offset));
    if (turn) {
      return std::unique_ptr<Source>(
          std::make_unique<Range>(shared_from_this(), std::move(joined), length, size));
    }
    end_run(joined);
  }
  const bool goes_on = joined || in_order;
  const auto run = std::make_shared<Run>();
  run->key = key;
  run->at = offset;
  run->promised = offset + length;
  run->taken = true;
  std::shared_ptr<Run> dropped;  // its process ends outside the lock
  if (goes_on) {
    // Joinable before the process is there: the ranges behind this one come at the same moment.
    const std::lock_guard lock(mutex_);
    runs_.push_back(run);
    const auto idle = std::find_if(runs_.begin(), runs_.end(), [](const auto& one) {
      return !one->taken && one->at == one->promised;
    });
    if (runs_.size() > kMostRuns && idle != runs_.end()) {
      dropped = *idle;
      dropped->broken = true;
      runs_.erase(idle);
    }
  }
  Result<std::unique_ptr<Process>> process =
      start(key, offset, goes_on ? std::nullopt : std::optional(length));
  if (!process) {
    end_run(run);
    return process.error();
  }
  {
    const std::lock_guard lock(mutex_);
    run->process = std::move(*process);
    run->moved = Clock::now();
  }
  const std::uint64_t end = goes_on ? size : offset + length;
  return std::unique_ptr<Source>(std::make_unique<Range>(shared_from_this(), run, length, end));
}

}  // namespace pgdr::store
