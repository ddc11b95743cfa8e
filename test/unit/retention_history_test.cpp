// Ten years of backups, over and over: generated histories against what app/retention/retention.hpp
// states. The seed of a failure is in its message.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "app/retention/retention.hpp"

namespace pgdr::app {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// The calendar once more, by other means than the code under test.
using Keys = std::set<std::int64_t>;
constexpr int kKinds = 5;
std::int64_t key_of(int kind, Time t, const TimeZone& zone) {
  const auto offset = zone.offset(t);
  if (kind == 0) {  // hours that clocks show twice are two
    return std::chrono::floor<hours>(t + (offset - std::chrono::floor<hours>(offset)))
        .time_since_epoch()
        .count();
  }
  const auto day = std::chrono::floor<days>(t + offset);
  const std::chrono::year_month_day date(day);
  switch (kind) {
    case 1:
      return int(date.year()) * 10000 + unsigned(date.month()) * 100 + unsigned(date.day());
    case 2: {  // the Monday
      const std::chrono::weekday weekday(day);
      return (day - (weekday - std::chrono::Monday)).time_since_epoch().count();
    }
    case 3:
      return int(date.year()) * 100 + unsigned(date.month());
    default:
      return int(date.year());
  }
}

int count_of(int kind, const RetentionConfig& policy) {
  switch (kind) {
    case 0:
      return policy.keep_hourly;
    case 1:
      return policy.keep_nightly;
    case 2:
      return policy.keep_weekly;
    case 3:
      return policy.keep_monthly;
    default:
      return policy.keep_yearly;
  }
}

// Ten years of backups; three where each step costs more.
#ifdef __SANITIZE_ADDRESS__
constexpr int kDays = 1096;
#else
constexpr int kDays = 3653;
#endif

class RandomHistory {
 public:
  explicit RandomHistory(unsigned seed) : random_(seed), zone_(pick_zone()) {
    input_.policy = pick_policy();
    every_ = roll(3) == 0 ? hours(6) : hours(24);
    weekly_class_ = roll(2) == 0;
    chained_ = roll(3) == 0;
  }

  void run() {
    const Time end = start_ + days(kDays);
    std::string newest_verified;
    for (Time t = start_ + minutes(roll(1440)); t < end && !::testing::Test::HasFatalFailure();
         t += every_) {
      if (roll(400) == 0) t += days(1 + roll(90));  // a gap
      if (roll(900) == 0) ++system_;                // an upgrade, a move
      // A clock that is wrong for one run.
      const int wrong = roll(300) == 0 ? static_cast<int>(roll(5)) - 2 : 0;
      const Time jump = t + hours(wrong);
      make(jump);
      if (roll(9) == 0 && !input_.backups.empty()) input_.backups.back().verified = true;
      if (roll(60) == 0) pin(t);
      if (roll(40) == 0) lease();
      input_.now = t + minutes(90);
      expire();
    }
    EXPECT_GT(expired_, 100U);
    EXPECT_GT(ever_, kDays / 4U);
  }

  [[nodiscard]] std::size_t expired() const { return expired_; }

 private:
  unsigned roll(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }

  TimeZone pick_zone() {
    const char* const names[] = {
        "Europe/Berlin", "Australia/Sydney", "America/St_Johns",    "America/Sao_Paulo",
        "UTC",           "Asia/Kolkata",     "Australia/Lord_Howe", "Pacific/Apia"};
    return *TimeZone::load(names[roll(std::size(names))]);
  }

  RetentionConfig pick_policy() {
    RetentionConfig policy;
    const auto some = [&](unsigned most) {
      return roll(3) == 0 ? 0 : static_cast<int>(roll(most));
    };
    policy.keep_last = some(10);
    policy.keep_days = some(40);
    policy.keep_hourly = some(48);
    policy.keep_nightly = some(30);
    policy.keep_weekly = some(12);
    policy.keep_monthly = some(24);
    policy.keep_yearly = some(8);
    policy.keep_verified_min = 1 + static_cast<int>(roll(3));
    if (!policy.any()) policy.keep_last = 1;
    return policy;
  }

  void make(Time t) {
    RetainedBackup one;
    one.stopped_at = t + seconds(roll(3600));
    one.label = to_label_time(t) + "-" + std::to_string(1000 + serial_++ % 9000);
    one.system_identifier = std::to_string(system_);
    one.good = roll(25) != 0;
    one.bytes = 1;
    const std::chrono::weekday weekday(zone_.day(one.stopped_at));
    if (weekly_class_ && weekday == std::chrono::Sunday) one.klass = "weekly";
    if (chained_ && roll(4) != 0 && !input_.backups.empty()) {
      const auto& base = input_.backups.back();
      if (base.good && base.needs.size() < 6) {
        one.needs = base.needs;
        one.needs.push_back(base.label);
      }
    }
    input_.backups.push_back(one);
    ++ever_;
    if (!one.good) return;
    for (int kind = 0; kind < kKinds; ++kind)
      ever_good_[kind].insert(key_of(kind, one.stopped_at, zone_));
  }

  void pin(Time t) {
    const auto& one = input_.backups[roll(input_.backups.size())];
    std::optional<Time> until;
    if (roll(5) != 0) until = t + days(roll(400));
    input_.pins.push_back({one.label, until, ""});
  }

  void lease() {
    input_.leased.clear();
    if (roll(2) == 0) input_.leased.insert(input_.backups[roll(input_.backups.size())].label);
  }

  void expire() {
    const RetentionPlan plan = plan_retention(input_, zone_);
    ASSERT_EQ(plan.decisions.size(), input_.backups.size());
    // A clock that was ahead, or set back between two clusters, makes it refuse; nothing else does.
    if (!plan.refusals.empty()) {
      ASSERT_EQ(plan.deletions(), 0U);
      ++refused_;
      // As an operator would, after a move with a wrong clock.
      if (plan.refusals[0].find("alternate") != std::string::npos) input_.several_systems = true;
      return;
    }
    check_order(plan);
    check_floor(plan);
    check_needs(plan);
    check_choice(plan);
    check_damaged_do_not_matter(plan);
    for (const auto& decision : plan.decisions) {
      ASSERT_FALSE(decision.reasons.empty());
      if (decision.keep) continue;
      ++expired_;
      ASSERT_FALSE(input_.leased.contains(decision.backup.label));
    }
    remove(plan);
    check_slots();
    check_idempotent();
  }

  void check_order(const RetentionPlan& plan) {
    for (std::size_t i = 1; i < plan.decisions.size(); ++i) {
      ASSERT_GE(plan.decisions[i - 1].backup.stopped_at, plan.decisions[i].backup.stopped_at);
    }
    const auto newest = std::find_if(plan.decisions.begin(), plan.decisions.end(),
                                     [](const auto& d) { return d.backup.good; });
    ASSERT_TRUE(newest == plan.decisions.end() || newest->keep);
  }

  void check_floor(const RetentionPlan& plan) {
    int verified = 0;
    for (const auto& d : plan.decisions) {
      if (!d.backup.good || !d.backup.verified) continue;
      ASSERT_TRUE(verified++ >= input_.policy.keep_verified_min || d.keep) << d.backup.label;
    }
    ASSERT_TRUE(verified >= input_.policy.keep_verified_min || plan.deletions() == 0);
  }

  void check_needs(const RetentionPlan& plan) {
    std::map<std::string, bool> fate;
    for (const auto& d : plan.decisions) fate[d.backup.label] = d.keep;
    for (const auto& d : plan.decisions) {
      if (!d.keep) continue;
      for (const auto& label : d.backup.needs) {
        const auto at = fate.find(label);
        ASSERT_TRUE(at == fate.end() || at->second) << d.backup.label << " needs " << label;
      }
    }
  }

  // Of each of the newest periods that have a good one: the newest that was made for it, else the
  // newest.
  void check_choice(const RetentionPlan& plan) {
    if (chained_) return;  // what lacks something counts as damaged, which is decided inside
    static const char* const kClasses[kKinds] = {"hourly", "nightly", "weekly", "monthly",
                                                 "yearly"};
    for (int kind = 0; kind < kKinds; ++kind) {
      std::map<std::int64_t, std::vector<const RetentionDecision*>> periods;
      for (const auto& d : plan.decisions) {  // newest first
        if (d.backup.good) periods[key_of(kind, d.backup.stopped_at, zone_)].push_back(&d);
      }
      int n = count_of(kind, input_.policy);
      for (auto period = periods.rbegin(); period != periods.rend() && n > 0; ++period, --n) {
        const auto& all = period->second;
        const auto made = std::find_if(all.begin(), all.end(), [&](const RetentionDecision* d) {
          return d->backup.klass == kClasses[kind];
        });
        const RetentionDecision* choice = made == all.end() ? all.front() : *made;
        ASSERT_TRUE(choice->keep) << kClasses[kind] << ": " << choice->backup.label;
      }
    }
  }

  // The same without the damaged ones: no good one's fate changes.
  void check_damaged_do_not_matter(const RetentionPlan& plan) {
    if (chained_ || roll(10) != 0) return;  // of a chain, a damaged link is needed
    RetentionInput input = input_;
    std::erase_if(input.backups, [](const auto& one) { return !one.good; });
    const RetentionPlan other = plan_retention(input, zone_);
    std::map<std::string, bool> fate;
    for (const auto& d : other.decisions) fate[d.backup.label] = d.keep;
    for (const auto& d : plan.decisions) {
      ASSERT_TRUE(!d.backup.good || d.keep == fate[d.backup.label]) << d.backup.label;
    }
  }

  void remove(const RetentionPlan& plan) {
    std::set<std::string> gone;
    for (const auto& d : plan.decisions) {
      if (!d.keep) gone.insert(d.backup.label);
    }
    std::erase_if(input_.backups, [&](const auto& one) { return gone.contains(one.label); });
    std::erase_if(input_.pins, [&](const auto& one) { return gone.contains(one.label); });
  }

  // Every slot that any backup of the whole history filled is filled still.
  void check_slots() {
    if (chained_) return;  // a chain's members may have been lost with a damaged one
    for (int kind = 0; kind < kKinds; ++kind) {
      Keys have;
      for (const auto& one : input_.backups) {
        if (one.good) have.insert(key_of(kind, one.stopped_at, zone_));
      }
      int n = count_of(kind, input_.policy);
      for (auto key = ever_good_[kind].rbegin(); key != ever_good_[kind].rend() && n > 0;
           ++key, --n) {
        ASSERT_TRUE(have.contains(*key)) << "kind " << kind << ", period " << *key;
      }
    }
  }

  void check_idempotent() {
    const RetentionPlan again = plan_retention(input_, zone_);
    ASSERT_EQ(again.deletions(), 0U);
    if (roll(20) != 0) return;
    RetentionInput later = input_;  // time alone deletes nothing but what a pin kept
    later.now += days(4000);
    later.pins.clear();
    later.leased.clear();
    RetentionInput now = later;
    now.now = input_.now;
    ASSERT_EQ(plan_retention(later, zone_).deletions(), plan_retention(now, zone_).deletions());
  }

  std::mt19937 random_;
  TimeZone zone_;
  RetentionInput input_;
  hours every_{24};
  bool weekly_class_ = false;
  bool chained_ = false;
  const Time start_ = *parse_iso("2016-01-01T00:00:00Z");
  int system_ = 1;
  unsigned serial_ = 0;
  std::size_t ever_ = 0;
  std::size_t expired_ = 0;
  std::size_t refused_ = 0;
  Keys ever_good_[kKinds];
};

class RetentionHistory : public ::testing::TestWithParam<unsigned> {};

TEST_P(RetentionHistory, KeepsWhatItPromises) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  RandomHistory(GetParam()).run();
}

// PGDR_HISTORIES=200 for more of them.
unsigned histories() {
  const char* text = std::getenv("PGDR_HISTORIES");
  const int n = text == nullptr ? 0 : std::atoi(text);  // NOLINT(cert-err34-c): 0 is none
  return n > 0 ? static_cast<unsigned>(n) : 8;
}

INSTANTIATE_TEST_SUITE_P(Seeds, RetentionHistory, ::testing::Range(1U, histories() + 1));

}  // namespace
}  // namespace pgdr::app
