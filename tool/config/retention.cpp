#include "config/retention.hpp"

#include <fmt/format.h>

#include "config/section.hpp"

namespace pgdr {
namespace {

constexpr int kMost = 100000;

}  // namespace

void read_retention(Section& section, RetentionConfig& out) {
  section.integer("keep_last", out.keep_last, 0, kMost);
  section.integer("keep_days", out.keep_days, 0, kMost);
  section.integer("keep_hourly", out.keep_hourly, 0, kMost);
  if (section.has("keep_nightly") && section.has("keep_daily")) {
    section.error("keep_daily",
                  fmt::format("{} has both 'keep_nightly' and 'keep_daily'", section.title()),
                  "they are two words for one rule: keep one of them");
  }
  section.integer("keep_nightly", out.keep_nightly, 0, kMost);
  section.integer("keep_daily", out.keep_nightly, 0, kMost);
  section.integer("keep_weekly", out.keep_weekly, 0, kMost);
  section.integer("keep_monthly", out.keep_monthly, 0, kMost);
  section.integer("keep_yearly", out.keep_yearly, 0, kMost);
  // 0 would allow what must never happen: the last proven backup deleted.
  section.integer("keep_verified_min", out.keep_verified_min, 1, kMost);
  section.text("time_zone", out.time_zone);
}

}  // namespace pgdr
