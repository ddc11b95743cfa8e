// A token bucket: so many bytes per second on average, a short burst beyond.
//
//   const auto wait = bucket.reserve(n, std::chrono::steady_clock::now());
//   sleep(wait);  // then move the n bytes
//
// Whoever reserves is served in that order: the bucket may run into debt, and the wait is what pays
// it off. Thread safe; the time is the caller's, so that tests bring their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace pgdr {

class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Wait = std::chrono::nanoseconds;

  // rate: bytes per second, at least 1. burst: bytes that an idle bucket gives at once.
  TokenBucket(std::uint64_t rate, std::uint64_t burst);

  // How long to wait before moving `bytes`; zero when the bucket has them.
  Wait reserve(std::uint64_t bytes, Time now);
  [[nodiscard]] std::uint64_t rate() const { return rate_; }

 private:
  std::mutex mutex_;
  std::uint64_t rate_;
  double burst_;
  double tokens_;  // negative: promised, and not yet earned
  Time last_{};
  bool started_ = false;
};

}  // namespace pgdr
