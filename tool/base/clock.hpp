// Time: stored and computed in UTC with microseconds, shown in local time with its zone.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgdr {

using Time = std::chrono::sys_time<std::chrono::microseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
};
const Clock& system_clock();

std::string to_iso(Time t);                     // 2026-11-21T02:00:00.123456Z
Result<Time> parse_iso(std::string_view text);  // RFC 3339 with Z or offset, optional fraction;
                                                // also PostgreSQL's ISO output
std::string to_local(Time t);                   // 2026-11-21 03:00:00 CET
std::string to_label_time(Time t);              // 20261121T020000Z
std::string make_label(Time t);  // 20261121T020000Z-9f3c: UTC start + 16 random bits; sortable
bool valid_label(std::string_view label);
std::string_view label_time(std::string_view label);  // of a valid one, its first half

}  // namespace pgdr
