// Numbers for people: sizes in binary units, durations, counts, ages.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgdr {

std::string format_bytes(std::uint64_t bytes);  // 0 B, 1023 B, 1.0 KiB, 203 MiB, 1.5 GiB
std::string format_count(std::uint64_t n);      // 1,234,567
std::string format_duration(
    std::chrono::milliseconds d);  // 850 ms, 4.2 s, 3 min 20 s, 2 h 05 min, 3 d 4 h
std::string plural(std::uint64_t n, std::string_view one,
                   std::string_view many = {});  // "1 table", "2 tables"
// The nearest of `candidates` by edit distance, empty when none is near (more than a third of the
// letters differ).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace pgdr
