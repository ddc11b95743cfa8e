// When what runs: the table [schedule], from which `pgdr schedule print` makes lines for cron and
// units for systemd; doc/configuration.md.
#pragma once

#include <string>
#include <string_view>

namespace pgdr {

class Section;

struct ScheduleConfig {
  std::string nightly = "02:00";     // "HH:MM"; empty: none
  std::string weekly;                // "Sun 03:00"; a run of its own, of class weekly
  int every_hours = 0;               // runs of class hourly: 1, 2, 3, 4, 6, 8 or 12
  std::string expire = "05:00";      // "HH:MM"
  std::string verify = "Sun 06:00";  // "Sun 06:00" or "HH:MM"
  std::string user = "pgdr";         // whom units and lines of /etc/cron.d run as
  std::string program = "/usr/local/bin/pgdr";
  std::string time_zone;  // IANA name; empty: the host's
  int jitter_minutes = 15;
};

// A moment of [schedule]: an optional English day of the week (three letters) and "HH:MM".
struct ScheduleTime {
  int weekday = -1;  // 0 Sunday … 6 Saturday; -1: every day
  int hour = 0;
  int minute = 0;
};
// false when text is not of that form.
bool parse_schedule_time(std::string_view text, ScheduleTime& out);

void read_schedule(Section& section, ScheduleConfig& out);

}  // namespace pgdr
