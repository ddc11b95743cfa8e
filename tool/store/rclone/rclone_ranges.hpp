// Ranges of an rclone store. Each run of rclone costs a process, and with most remotes a login; so
// who reads an object range after range gets one `rclone cat` that goes on from range to range.
//
// The first range of an object is read by a run of its own, which ends with the range. The next one
// that begins where it ended shows that the object is being read in order: a run to the end of the
// object begins, and every further range takes its turn there. Ranges may be asked for several at a
// time; each waits until those before it have been read. A range that is not read on (10 s), or is
// given up half-way, ends the run; those behind it get runs of their own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/rclone/rclone_client.hpp"

namespace pgdr::store {

// Thread safe. Sources share it: they may outlive their store.
class RcloneRanges : public std::enable_shared_from_this<RcloneRanges> {
 public:
  explicit RcloneRanges(std::shared_ptr<RcloneClient> client) : client_(std::move(client)) {}

  // As Store::open_range.
  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset,
                                       std::uint64_t length);
  // What is known of the object holds no longer: it is written or removed.
  void forget(const std::string& key);

 private:
  class Range;
  using Clock = std::chrono::steady_clock;
  // One run of rclone. Guarded by mutex_, save for the process while `reading`.
  struct Run {
    std::string key;
    std::unique_ptr<Process> process;
    std::uint64_t at = 0;        // the next byte it gives
    std::uint64_t promised = 0;  // the end of the last range that waits for it
    bool taken = false;          // by a range
    bool reading = false;
    bool broken = false;
    Clock::time_point moved = Clock::now();
  };

  Result<std::uint64_t> size_of(const std::string& key);
  Result<std::unique_ptr<Process>> start(const std::string& key, std::uint64_t offset,
                                         std::optional<std::uint64_t> count);
  // Waits for the turn of the range that begins at offset. false: the run broke.
  Result<bool> await_turn(Run& run, std::uint64_t offset);
  void end_run(const std::shared_ptr<Run>& run);

  std::shared_ptr<RcloneClient> client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Run>> runs_;  // those that others may join, the oldest first
  std::string key_;                         // the object asked for last
  std::uint64_t size_ = 0;                  // its size
  std::deque<std::uint64_t> ends_;          // of the ranges of it asked for last
};

}  // namespace pgdr::store
