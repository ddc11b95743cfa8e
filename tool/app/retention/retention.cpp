#include "app/retention/retention.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/format.hpp"

namespace pgdr::app {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;

// Of a long list, so many are named.
constexpr std::size_t kNamed = 3;

using Indexes = std::vector<std::size_t>;  // into the plan's decisions, newest first

std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i) {
    if (i > 0) text += ", ";
    text += names[i];
  }
  if (names.size() > kNamed) text += fmt::format(" and {} more", names.size() - kNamed);
  return text;
}

// A kind of period: the number of the one that an instant lies in, and its name.
struct Period {
  const char* klass;
  int count;
  std::int64_t (*number)(Time, const TimeZone&);
  std::string (*name)(Time, const TimeZone&);
};

std::string date_text(std::chrono::local_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()));
}

std::chrono::year_month_day date_of(Time t, const TimeZone& zone) {
  return std::chrono::year_month_day(zone.day(t));
}

// Hours are told apart by UTC, so that the hour which clocks show twice is two; only the part of
// the offset below an hour says where they begin.
std::int64_t hour_number(Time t, const TimeZone& zone) {
  return floor<hours>(t + zone.offset(t) % hours(1)).time_since_epoch().count();
}
std::int64_t day_number(Time t, const TimeZone& zone) {
  return zone.day(t).time_since_epoch().count();
}
// Weeks begin on Monday (ISO 8601); day 0 was a Thursday.
std::int64_t week_number(Time t, const TimeZone& zone) {
  const std::int64_t day = day_number(t, zone) + 3;
  return (day >= 0 ? day : day - 6) / 7;
}
std::int64_t month_number(Time t, const TimeZone& zone) {
  const auto date = date_of(t, zone);
  return std::int64_t{int(date.year())} * 12 + unsigned(date.month());
}
std::int64_t year_number(Time t, const TimeZone& zone) { return int(date_of(t, zone).year()); }

std::string hour_name(Time t, const TimeZone& zone) {
  const Time local = t + zone.offset(t);
  return fmt::format("{} {:02}h", date_text(zone.day(t)),
                     (floor<hours>(local) - floor<days>(local)).count());
}
std::string day_name(Time t, const TimeZone& zone) { return date_text(zone.day(t)); }
std::string week_name(Time t, const TimeZone& zone) {
  return "the week from " + date_text(std::chrono::local_days(days(week_number(t, zone) * 7 - 3)));
}
std::string month_name(Time t, const TimeZone& zone) {
  const auto date = date_of(t, zone);
  return fmt::format("{:04}-{:02}", int(date.year()), unsigned(date.month()));
}
std::string year_name(Time t, const TimeZone& zone) {
  return fmt::format("{:04}", int(date_of(t, zone).year()));
}

class Planner {
 public:
  Planner(const RetentionInput& input, const TimeZone& zone) : in_(input), zone_(zone) {}

  RetentionPlan plan() {
    fill();
    doubt();
    lose_what_lacks_something();
    Indexes good;
    Indexes all;
    for (std::size_t i = 0; i < plan_.decisions.size(); ++i) {
      all.push_back(i);
      if (backup(i).good) good.push_back(i);
    }
    apply(good, "");
    if (good.size() != all.size()) keep_damaged(all);
    keep_pinned_and_leased();
    keep_floor(good);
    keep_needed();
    explain_the_rest();
    return std::move(plan_);
  }

 private:
  [[nodiscard]] const RetainedBackup& backup(std::size_t i) const {
    return plan_.decisions[i].backup;
  }
  void keep(std::size_t i, std::string reason) {
    plan_.decisions[i].keep = true;
    plan_.decisions[i].reasons.push_back(std::move(reason));
  }
  void refuse(std::string why) { plan_.refusals.push_back(std::move(why)); }

  // By the time they ended; by label where that is the same.
  void fill() {
    for (const auto& one : in_.backups) plan_.decisions.push_back({one, false, {}});
    std::sort(plan_.decisions.begin(), plan_.decisions.end(), [](const auto& a, const auto& b) {
      return std::tie(a.backup.stopped_at, a.backup.label) >
             std::tie(b.backup.stopped_at, b.backup.label);
    });
    for (std::size_t i = 0; i < plan_.decisions.size(); ++i) {
      if (!at_.emplace(backup(i).label, i).second) {
        refuse(fmt::format("two backups have the label {}", backup(i).label));
      }
    }
  }

  // What cannot be restored, because what it needs is gone or damaged, counts as damaged.
  void lose_what_lacks_something() {
    for (bool changed = true; changed;) {
      changed = false;
      for (auto& decision : plan_.decisions) {
        if (!decision.backup.good) continue;
        const auto& needs = decision.backup.needs;
        decision.backup.good = std::all_of(needs.begin(), needs.end(), [&](const auto& label) {
          const auto at = at_.find(label);
          return at != at_.end() && backup(at->second).good;
        });
        changed = changed || !decision.backup.good;
      }
    }
  }

  void doubt() {
    for (const auto& one : in_.doubts) refuse(one);
    if (!in_.unknown.empty()) {
      refuse(fmt::format("{} of unknown origin among the backups: {}",
                         plural(in_.unknown.size(), "file"), some_of(in_.unknown)));
    }
    if (!plan_.decisions.empty() && in_.now < backup(0).stopped_at) {
      refuse(fmt::format("the clock is behind the newest backup: it is {}, and {} ended at {}",
                         to_iso(in_.now), backup(0).label, to_iso(backup(0).stopped_at)));
    }
    if (in_.newest_object && in_.now + kClockTolerance < *in_.newest_object) {
      refuse(
          fmt::format("the clock is behind the repository's: it is {}, and something was "
                      "written there at {}",
                      to_iso(in_.now), to_iso(*in_.newest_object)));
    }
    if (!in_.policy.any()) {
      refuse("no rule says what to keep");
    }
    doubt_systems();
  }

  // One cluster follows another after an upgrade or a move; a cluster that comes back after another
  // means that two write into one set, and "newest" has no meaning.
  void doubt_systems() {
    if (in_.several_systems) return;
    std::set<std::string> left;
    for (std::size_t i = 1; i < plan_.decisions.size(); ++i) {
      const std::string& newer = backup(i - 1).system_identifier;
      const std::string& older = backup(i).system_identifier;
      if (older == newer) continue;
      left.insert(newer);
      if (!left.contains(older)) continue;
      refuse(
          fmt::format("backups of several clusters alternate in this set: {} is of system {}, "
                      "{} of system {}, and both have others beside them",
                      backup(i - 1).label, newer, backup(i).label, older));
      return;
    }
  }

  // prefix: of the reasons. Empty: for good ones.
  void apply(const Indexes& among, const std::string& prefix) {
    if (among.empty()) return;
    const auto choose = [&](std::size_t i, const std::string& reason) {
      if (prefix.empty()) {
        keep(i, reason);
      } else if (!backup(i).good) {
        keep(i, prefix + reason);
      }
    };
    const auto last = static_cast<std::size_t>(std::max(in_.policy.keep_last, 1));
    for (std::size_t n = 0; n < std::min(last, among.size()); ++n) {
      // The newest is kept by every policy: without it, there is nothing to count from.
      if (n == 0 && in_.policy.keep_last == 0) {
        choose(among[n], "the newest");
      } else {
        choose(among[n], fmt::format("number {} of the last {}", n + 1, in_.policy.keep_last));
      }
    }
    if (in_.policy.keep_days > 0) {
      // Counted from the newest backup, not from now: when backups stop, nothing goes.
      const Time oldest = backup(among.front()).stopped_at - days(in_.policy.keep_days);
      for (const std::size_t i : among) {
        if (backup(i).stopped_at < oldest) break;
        choose(i, fmt::format("of the {} before the newest", plural(in_.policy.keep_days, "day")));
      }
    }
    for (const Period& period : periods()) fill_slots(period, among, choose);
  }

  [[nodiscard]] std::vector<Period> periods() const {
    const RetentionConfig& p = in_.policy;
    return {{"hourly", p.keep_hourly, hour_number, hour_name},
            {"nightly", p.keep_nightly, day_number, day_name},
            {"weekly", p.keep_weekly, week_number, week_name},
            {"monthly", p.keep_monthly, month_number, month_name},
            {"yearly", p.keep_yearly, year_number, year_name}};
  }

  // Each of the newest periods that have a backup keeps one: the newest that was made for it, else
  // the newest of all. So a weekly backup is promoted from the nightly ones where none of its own
  // was made.
  void fill_slots(const Period& period, const Indexes& among,
                  const std::function<void(std::size_t, const std::string&)>& choose) {
    if (period.count == 0) return;
    std::map<std::int64_t, std::size_t, std::greater<>> slots;
    for (const std::size_t i : among) {  // newest first
      const auto [slot, fresh] = slots.emplace(period.number(backup(i).stopped_at, zone_), i);
      if (fresh || backup(i).klass != period.klass) continue;
      if (backup(slot->second).klass != period.klass) slot->second = i;
    }
    int n = 0;
    for (const auto& [number, i] : slots) {
      if (++n > period.count) return;
      choose(i, fmt::format("{} {} of {}: {}{}", period.klass, n, period.count,
                            period.name(backup(i).stopped_at, zone_),
                            backup(i).klass == period.klass ? ", made for it" : ""));
    }
  }

  // What a rule would keep if it were good stays: something of it may be saved yet, and another
  // copy may heal it.
  void keep_damaged(const Indexes& all) { apply(all, "damaged, and counts as none, but: "); }

  void keep_pinned_and_leased() {
    for (const auto& pin : in_.pins) {
      const auto at = at_.find(pin.label);
      if (at == at_.end() || (pin.until && *pin.until <= in_.now)) continue;
      keep(at->second,
           fmt::format("pinned {}{}", pin.until ? "until " + to_iso(*pin.until) : "for ever",
                       pin.reason.empty() ? "" : " (" + pin.reason + ")"));
    }
    for (const auto& label : in_.leased) {
      const auto at = at_.find(label);
      if (at != at_.end()) keep(at->second, "being read: somebody holds a lease");
    }
  }

  void keep_floor(const Indexes& good) {
    const auto wanted = static_cast<std::uint64_t>(std::max(in_.policy.keep_verified_min, 1));
    for (const std::size_t i : good) {
      if (!backup(i).verified) continue;
      if (plan_.verified < wanted) {
        keep(i, fmt::format("verified backup {} of the {} that always stay", plan_.verified + 1,
                            wanted));
      }
      ++plan_.verified;
    }
    if (plan_.verified >= wanted) return;
    for (std::size_t i = 0; i < plan_.decisions.size(); ++i) {
      if (plan_.decisions[i].keep) continue;
      plan_.floor_unmet = true;
      keep(i, fmt::format("only {} of at least {} backups verified: until then nothing goes",
                          plan_.verified, wanted));
    }
  }

  void keep_needed() {
    Indexes open;
    for (std::size_t i = 0; i < plan_.decisions.size(); ++i) {
      if (plan_.decisions[i].keep) open.push_back(i);
    }
    while (!open.empty()) {
      const std::size_t i = open.back();
      open.pop_back();
      for (const auto& label : backup(i).needs) {
        const auto at = at_.find(label);
        if (at == at_.end()) continue;  // not in this repository: nothing to keep
        const bool before = plan_.decisions[at->second].keep;
        keep(at->second, fmt::format("{} needs it", backup(i).label));
        if (!before) open.push_back(at->second);
      }
    }
  }

  void explain_the_rest() {
    for (auto& decision : plan_.decisions) {
      if (decision.keep) continue;
      decision.reasons.emplace_back(decision.backup.good ? "no rule keeps it"
                                                         : "damaged, and no rule keeps it");
    }
  }

  const RetentionInput& in_;
  const TimeZone& zone_;
  RetentionPlan plan_;
  std::map<std::string, std::size_t> at_;
};

}  // namespace

std::uint64_t RetentionPlan::deletions() const {
  if (!refusals.empty()) return 0;
  return static_cast<std::uint64_t>(std::count_if(
      decisions.begin(), decisions.end(), [](const RetentionDecision& d) { return !d.keep; }));
}

std::uint64_t RetentionPlan::bytes_freed() const {
  std::uint64_t sum = 0;
  if (!refusals.empty()) return sum;
  for (const auto& decision : decisions) sum += decision.keep ? 0 : decision.backup.bytes;
  return sum;
}

RetentionPlan plan_retention(const RetentionInput& input, const TimeZone& zone) {
  return Planner(input, zone).plan();
}

}  // namespace pgdr::app
