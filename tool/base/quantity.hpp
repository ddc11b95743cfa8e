// Durations and rates as people write them in a configuration: "90s", "2min", "20MB/s". Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pgdr {

// A whole number and one of ms, s, min, h, d, with or without a blank between: "90s", "2 min".
// nullopt for anything else, and beyond ten years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// Bytes per second from a number, with or without a decimal fraction, and B/s, kB/s, MB/s, GB/s
// (powers of 1000) or KiB/s, MiB/s, GiB/s (of 1024): "20MB/s", "1.5 MiB/s". Bits are not offered:
// "Mb/s" is nullopt, as is less than 1 KiB/s, at which no transfer ends.
std::optional<std::uint64_t> parse_rate(std::string_view text);

}  // namespace pgdr
