// How large the parts of a multipart upload are, when its length is not known beforehand.
//
// S3 allows 10,000 parts of 5 MiB to 5 GiB. Parts start at the configured size and double after
// every 1,000, so that even 5 MiB to begin with suffices for 5 TB, while a part never exceeds about
// a thousandth of what has been sent: with 8 MiB, parts are 16 MiB after 8 GiB, 128 MiB after
// 120 GiB and 1 GiB after 1 TiB.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace pgdr::store {

inline constexpr std::size_t kMostParts = 10000;
inline constexpr std::size_t kPartsPerSize = 1000;
inline constexpr std::size_t kLargestPart = std::size_t{4} << 30U;
// Parts on the way may hold so much memory even when parts_in_flight of the first size are less.
inline constexpr std::size_t kFlightBudget = std::size_t{96} << 20U;

// number counts from 1.
constexpr std::size_t part_size(std::size_t number, std::size_t first) {
  std::size_t size = first;
  for (std::size_t n = kPartsPerSize; n < number && size < kLargestPart; n += kPartsPerSize) {
    size *= 2;
  }
  return std::min(size, kLargestPart);
}

// How many parts of this size may be on the way at once: at least one.
constexpr std::size_t parts_at_once(std::size_t size, std::size_t first, std::size_t in_flight) {
  const std::size_t budget = std::max(kFlightBudget, first * in_flight);
  return std::clamp<std::size_t>(budget / size, 1, in_flight);
}

}  // namespace pgdr::store
