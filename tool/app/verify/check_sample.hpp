// Which copies to read when not all of them are: so that over time each one is. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"

namespace pgdr::app {

struct SampleItem {
  std::uint64_t bytes = 0;
  std::optional<Time> checked_at;  // when every byte of it was last read
};

// The least recently read first (never read before all others, then in the order given), until at
// least `percent` of all bytes are taken; at least one. Reading what this chooses, run after run,
// reads everything within 100 / percent runs, give or take one.
std::vector<std::size_t> sample_by_age(const std::vector<SampleItem>& items, int percent);
// For want of a memory: at random, the same for the same seed.
std::vector<std::size_t> sample_at_random(const std::vector<SampleItem>& items, int percent,
                                          std::uint64_t seed);

}  // namespace pgdr::app
