// A store whose transfers keep within a bandwidth: all uploads together, and all downloads together
// (a line has both directions). Listings and other small requests are not counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "store/store.hpp"

namespace pgdr::store {

struct BandwidthClock {
  std::function<std::chrono::steady_clock::time_point()> now;
  // Waits; kInterrupted when a signal arrives first.
  std::function<Status(std::chrono::milliseconds)> sleep;
};
BandwidthClock real_bandwidth_clock();

// bytes_per_second: at least 1.
std::unique_ptr<Store> with_bandwidth_limit(std::unique_ptr<Store> inner,
                                            std::uint64_t bytes_per_second,
                                            const BandwidthClock& clock = real_bandwidth_clock());

}  // namespace pgdr::store
