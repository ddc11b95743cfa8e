// A time zone of the IANA database: how far its clocks are from UTC at an instant.
//
// The system's own localtime() knows one zone per process, through the environment; retention
// needs any, from several threads, and the standard library's (C++20) is not there before gcc 14.
// Reads TZif files (RFC 8536), including the rule in their last line that holds after their table.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace pgdr {

// When daylight saving time begins or ends each year, by a TZ text's rule (POSIX, and RFC
// 8536 3.3.1 for hours beyond a day).
struct ZoneRule {
  enum class Kind { kJulian, kDayOfYear, kMonthWeekDay };
  Kind kind = Kind::kMonthWeekDay;
  int month = 0;  // 1 to 12
  int week = 0;   // 1 to 5; 5: the last
  int day = 0;    // of the week (0 Sunday), or of the year
  std::chrono::seconds time = std::chrono::hours(2);
};

class TimeZone {
 public:
  // "Europe/Berlin", "UTC". kUsage when the system's database ($TZDIR, else /usr/share/zoneinfo)
  // has no such zone.
  static Result<TimeZone> load(const std::string& name);
  // The content of a TZif file. kCorrupt.
  static Result<TimeZone> parse(std::string_view tzif, const std::string& name);

  [[nodiscard]] const std::string& name() const { return name_; }
  // To be added to UTC to get what clocks there show.
  [[nodiscard]] std::chrono::seconds offset(Time t) const;
  // The calendar day there.
  [[nodiscard]] std::chrono::local_days day(Time t) const;
  // The instant at which clocks there show this time; the first of two where they were set back,
  // the moment of the change where they were set forward over it.
  [[nodiscard]] Time instant(std::chrono::local_time<std::chrono::microseconds> local) const;

 private:
  struct Change {
    std::chrono::sys_seconds at;
    std::chrono::seconds offset;
  };
  struct Footer {
    std::chrono::seconds standard{};
    std::optional<std::chrono::seconds> summer;
    ZoneRule begin;
    ZoneRule end;
  };
  static std::optional<Footer> parse_footer(std::string_view text);
  [[nodiscard]] static std::chrono::seconds offset_by(const Footer& footer,
                                                      std::chrono::sys_seconds t);

  std::string name_;
  std::chrono::seconds first_{};  // before the first change
  std::vector<Change> changes_;   // by time
  std::optional<Footer> footer_;  // after the last change
};

}  // namespace pgdr
