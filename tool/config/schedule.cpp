#include "config/schedule.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/section.hpp"

namespace pgdr {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

bool two_digits(std::string_view text, int most, int& out) {
  if (text.size() != 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
    return false;
  }
  out = (text[0] - '0') * 10 + (text[1] - '0');
  return out <= most;
}

// "off" takes a moment away that has a default.
void read_moment(Section& section, std::string_view key, bool day_needed, bool day_allowed,
                 std::string& out) {
  section.text(key, out);
  if (!section.has(key)) return;
  if (out == "off") {
    out.clear();
    return;
  }
  ScheduleTime time;
  const bool good = parse_schedule_time(out, time) && (time.weekday >= 0 || !day_needed) &&
                    (time.weekday < 0 || day_allowed);
  if (good) return;
  section.error(key, fmt::format("'{}' in {} is no moment: '{}'", key, section.title(), out),
                day_needed    ? "write it like \"Sun 03:00\", or \"off\""
                : day_allowed ? "write it like \"Sun 06:00\" or \"06:00\", or \"off\""
                              : "write it like \"02:00\", or \"off\"");
}

}  // namespace

bool parse_schedule_time(std::string_view text, ScheduleTime& out) {
  out = {};
  if (text.size() > 4 && text[3] == ' ') {
    const auto* const day = std::find(kDays.begin(), kDays.end(), text.substr(0, 3));
    if (day == kDays.end()) return false;
    out.weekday = static_cast<int>(day - kDays.begin());
    text.remove_prefix(4);
  }
  return text.size() == 5 && text[2] == ':' && two_digits(text.substr(0, 2), 23, out.hour) &&
         two_digits(text.substr(3), 59, out.minute);
}

void read_schedule(Section& section, ScheduleConfig& out) {
  section.allow_only({"nightly", "weekly", "every_hours", "expire", "verify", "user", "program",
                      "time_zone", "jitter_minutes"});
  read_moment(section, "nightly", false, false, out.nightly);
  read_moment(section, "weekly", true, true, out.weekly);
  read_moment(section, "expire", false, false, out.expire);
  read_moment(section, "verify", false, true, out.verify);
  section.integer("every_hours", out.every_hours, 0, 12);
  if (out.every_hours != 0 && 24 % out.every_hours != 0) {
    section.error("every_hours",
                  fmt::format("'every_hours' in {} is {}: the runs of two days would differ",
                              section.title(), out.every_hours),
                  "take 1, 2, 3, 4, 6, 8 or 12");
  }
  section.text("user", out.user);
  const bool plain = std::all_of(out.user.begin(), out.user.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
  if (!plain) section.error("user", fmt::format("'{}' is no name of a user", out.user));
  section.path("program", out.program);
  section.text("time_zone", out.time_zone);
  section.integer("jitter_minutes", out.jitter_minutes, 0, 12 * 60);
}

}  // namespace pgdr
