#include "base/token_bucket.hpp"

#include <algorithm>

namespace pgdr {

TokenBucket::TokenBucket(std::uint64_t rate, std::uint64_t burst)
    : rate_(std::max<std::uint64_t>(rate, 1)),
      burst_(static_cast<double>(burst)),
      tokens_(static_cast<double>(burst)) {}

TokenBucket::Wait TokenBucket::reserve(std::uint64_t bytes, Time now) {
  const std::lock_guard lock(mutex_);
  const auto rate = static_cast<double>(rate_);
  // Threads may arrive with times in another order than they got here.
  if (started_ && now > last_) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * rate);
  }
  if (!started_ || now > last_) last_ = now;
  started_ = true;
  tokens_ -= static_cast<double>(bytes);
  if (tokens_ >= 0) return Wait(0);
  return std::chrono::duration_cast<Wait>(std::chrono::duration<double>(-tokens_ / rate));
}

}  // namespace pgdr
