#include "app/schedule.hpp"

#include <array>
#include <set>

#include <fmt/format.h>

namespace pgdr::app {
namespace {

constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kCredentials = "$CREDENTIALS_DIRECTORY/";

ScheduleTime moment(const std::string& text) {
  ScheduleTime time;
  parse_schedule_time(text, time);  // checked when the configuration was read
  return time;
}

// The hours of the runs every N hours: counted from the nightly one, which takes its own place.
std::vector<int> hours_between(const ScheduleConfig& schedule) {
  std::vector<int> hours_of_day;
  if (schedule.every_hours == 0) return hours_of_day;
  const int first = schedule.nightly.empty() ? 0 : moment(schedule.nightly).hour;
  for (int h = first % schedule.every_hours; h < 24; h += schedule.every_hours) {
    if (schedule.nightly.empty() || h != first) hours_of_day.push_back(h);
  }
  return hours_of_day;
}

int minute_between(const ScheduleConfig& schedule) {
  return schedule.nightly.empty() ? 0 : moment(schedule.nightly).minute;
}

// A word for a shell, or for systemd, which quotes alike; a path may hold blanks.
std::string quoted(const std::string& text) {
  if (text.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") ==
      std::string::npos) {
    return text;
  }
  std::string safe = "'";
  for (const char c : text) {
    if (c == '\'') {
      safe += "'\\''";
    } else {
      safe += c;
    }
  }
  return safe + "'";
}

std::string unit_word(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '%') safe += '%';  // systemd's specifiers
    if (c == '"' || c == '\\') safe += '\\';
    safe += c;
  }
  return text.find_first_of(" \t'\"\\;$") == std::string::npos ? safe : '"' + safe + '"';
}

struct CronLine {
  std::string when;
  std::string command;
};

std::vector<CronLine> cron_lines(const Config& config) {
  const ScheduleConfig& s = config.schedule;
  const auto at = [](const ScheduleTime& t) {
    return fmt::format("{} {} * * {}", t.minute, t.hour,
                       t.weekday < 0 ? std::string("*") : std::to_string(t.weekday));
  };
  const auto hours_of_day = hours_between(s);
  std::vector<CronLine> lines;
  for (const auto& [name, set] : config.sets) {
    if (!s.nightly.empty()) lines.push_back({at(moment(s.nightly)), "backup --set " + name});
    if (!s.weekly.empty()) {
      lines.push_back({at(moment(s.weekly)), "backup --set " + name + " --class weekly"});
    }
    if (!hours_of_day.empty()) {
      lines.push_back({fmt::format("{} {} * * *", minute_between(s), fmt::join(hours_of_day, ",")),
                       "backup --set " + name + " --class hourly"});
    }
    if (!s.verify.empty())
      lines.push_back({at(moment(s.verify)), "verify --all --percent 25 --set " + name});
  }
  if (!s.expire.empty()) lines.push_back({at(moment(s.expire)), "expire"});
  return lines;
}

std::string calendar(const ScheduleTime& t, const std::string& zone) {
  return fmt::format("{}*-*-* {:02}:{:02}:00{}",
                     t.weekday < 0 ? std::string() : std::string(kDays.at(t.weekday)) + " ", t.hour,
                     t.minute, zone.empty() ? zone : " " + zone);
}

std::string timer(const ScheduleConfig& s, const std::string& what, const std::string& when,
                  const std::string& service) {
  std::string text = fmt::format("[Unit]\nDescription={}\n\n[Timer]\nOnCalendar={}\n", what, when);
  if (!service.empty()) text += "Unit=" + service + "\n";
  // A run that was due while the host was off is made up for. The delay is another on each host,
  // and always the same on one, so that the time between two backups is what was asked for.
  text += "Persistent=true\nAccuracySec=1min\n";
  if (s.jitter_minutes > 0) {
    text += fmt::format("RandomizedDelaySec={}min\nFixedRandomDelay=true\n", s.jitter_minutes);
  }
  return text + "\n[Install]\nWantedBy=timers.target\n";
}

// Files that the configuration takes from systemd: "$CREDENTIALS_DIRECTORY/NAME".
std::set<std::string> credentials(const Config& config) {
  std::set<std::string> names;
  const auto see = [&](const std::string& path) {
    if (path.starts_with(kCredentials)) names.insert(path.substr(std::string(kCredentials).size()));
  };
  see(config.signing.key_file);
  for (const auto& [name, set] : config.sets) {
    see(set.passphrase_file);
    see(set.recipients_file);
  }
  for (const auto& [name, repository] : config.repositories) {
    see(repository.s3.credentials_file);
    see(repository.s3.ca_file);
  }
  return names;
}

std::string service(const Config& config, const std::string& what, const std::string& command,
                    bool database) {
  const ScheduleConfig& s = config.schedule;
  std::string text = fmt::format(
      "[Unit]\nDescription={}\nDocumentation=man:systemd.exec(5)\n"
      "Wants=network-online.target\nAfter=network-online.target{}\n"
      "StartLimitIntervalSec=3h\nStartLimitBurst=6\n\n"
      "[Service]\nType=oneshot\nUser={}\nUMask=0077\n"
      "ExecStart={} --config {} --quiet {}\n",
      what, database ? " postgresql.service" : "", s.user, unit_word(s.program),
      unit_word(config.path), command);
  // Later, and only where another run holds the lock or the server is not up: 11 and 4 remain.
  text +=
      "Restart=on-failure\nRestartPreventExitStatus=1 2 3 5 9 10 12 "
      "130\nRestartSec=15min\nNice=10\nIOSchedulingPriority=7\n\n"
      "# Nothing but what a backup needs.\n"
      "NoNewPrivileges=yes\nCapabilityBoundingSet=\nProtectSystem=strict\nProtectHome=read-only\n"
      "PrivateTmp=yes\nPrivateDevices=yes\nProtectKernelTunables=yes\nProtectKernelModules=yes\n"
      "ProtectKernelLogs=yes\nProtectControlGroups=yes\nProtectClock=yes\nProtectHostname=yes\n"
      "ProtectProc=invisible\nRestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n"
      "RestrictNamespaces=yes\nRestrictRealtime=yes\nRestrictSUIDSGID=yes\nLockPersonality=yes\n"
      "MemoryDenyWriteExecute=yes\nSystemCallArchitectures=native\n"
      "SystemCallFilter=@system-service\n";
  for (const auto& [name, repository] : config.repositories) {
    if (repository.type != "local") continue;
    text += "ReadWritePaths=" + unit_word(repository.path) + "\n";
  }
  for (const auto& name : credentials(config)) {
    text += fmt::format("LoadCredential={}:/etc/pgdr/{}\n", name, name);
  }
  return text;
}

}  // namespace

std::string cron_text(const Config& config, bool personal) {
  const ScheduleConfig& s = config.schedule;
  std::string text = personal ? "# pgdr, for `crontab -`.\n" : "# pgdr, for /etc/cron.d/pgdr.\n";
  text += "# Errors and warnings are mailed to MAILTO; times are the host's.\n";
  if (!s.time_zone.empty()) {
    text += fmt::format("# time_zone = \"{}\" is not for cron: it knows the host's zone alone.\n",
                        s.time_zone);
  }
  text += "SHELL=/bin/bash\nPATH=/usr/local/bin:/usr/bin:/bin\n";
  for (const auto& line : cron_lines(config)) {
    std::string command = fmt::format("{} --config {} --quiet {}", quoted(s.program),
                                      quoted(config.path), line.command);
    // To cron, '%' is the end of the command.
    std::string safe;
    for (const char c : command) {
      if (c == '%') safe += '\\';
      safe += c;
    }
    if (s.jitter_minutes > 0) {
      safe = fmt::format("sleep $((RANDOM \\% {})); {}", s.jitter_minutes * 60, safe);
    }
    text += line.when + (personal ? " " : " " + s.user + " ") + safe + "\n";
  }
  return text;
}

std::vector<UnitFile> systemd_units(const Config& config) {
  const ScheduleConfig& s = config.schedule;
  std::vector<UnitFile> units;
  if (!s.nightly.empty()) {
    units.push_back({"pgdr-nightly@.service",
                     service(config, "pgdr: nightly backup of %i", "backup --set %i", true)});
    units.push_back({"pgdr-nightly@.timer", timer(s, "pgdr: nightly backup of %i",
                                                  calendar(moment(s.nightly), s.time_zone), "")});
  }
  if (!s.weekly.empty()) {
    units.push_back({"pgdr-weekly@.service", service(config, "pgdr: weekly backup of %i",
                                                     "backup --set %i --class weekly", true)});
    units.push_back({"pgdr-weekly@.timer", timer(s, "pgdr: weekly backup of %i",
                                                 calendar(moment(s.weekly), s.time_zone), "")});
  }
  const auto hours_of_day = hours_between(s);
  if (!hours_of_day.empty()) {
    std::string list;
    for (const int h : hours_of_day) list += fmt::format("{}{:02}", list.empty() ? "" : ",", h);
    units.push_back(
        {"pgdr-hourly@.service",
         service(config, fmt::format("pgdr: backup of %i every {} hours", s.every_hours),
                 "backup --set %i --class hourly", true)});
    units.push_back({"pgdr-hourly@.timer",
                     timer(s, fmt::format("pgdr: backup of %i every {} hours", s.every_hours),
                           fmt::format("*-*-* {}:{:02}:00{}", list, minute_between(s),
                                       s.time_zone.empty() ? "" : " " + s.time_zone),
                           "")});
  }
  if (!s.verify.empty()) {
    units.push_back({"pgdr-verify@.service", service(config, "pgdr: verification of %i",
                                                     "verify --all --percent 25 --set %i", true)});
    units.push_back({"pgdr-verify@.timer", timer(s, "pgdr: verification of %i",
                                                 calendar(moment(s.verify), s.time_zone), "")});
  }
  if (!s.expire.empty()) {
    units.push_back(
        {"pgdr-expire.service", service(config, "pgdr: expiry of old backups", "expire", true)});
    units.push_back({"pgdr-expire.timer", timer(s, "pgdr: expiry of old backups",
                                                calendar(moment(s.expire), s.time_zone), "")});
  }
  return units;
}

std::vector<std::string> systemd_timers(const Config& config) {
  const ScheduleConfig& s = config.schedule;
  std::vector<std::string> timers;
  for (const auto& [name, set] : config.sets) {
    if (!s.nightly.empty()) timers.push_back("pgdr-nightly@" + name + ".timer");
    if (!s.weekly.empty()) timers.push_back("pgdr-weekly@" + name + ".timer");
    if (!hours_between(s).empty()) timers.push_back("pgdr-hourly@" + name + ".timer");
    if (!s.verify.empty()) timers.push_back("pgdr-verify@" + name + ".timer");
  }
  if (!s.expire.empty()) timers.emplace_back("pgdr-expire.timer");
  return timers;
}

}  // namespace pgdr::app
