// Files of time zones: the system's, or those that $TZDIR names.

#include "base/timezone.hpp"

#include "fuzz/fuzz.hpp"

namespace pgdr {

PGDR_FUZZ_TARGET(timezone, input) {
  const auto zone = TimeZone::parse(input, "x");
  if (!zone) return;
  using std::chrono::days;
  using std::chrono::hours;
  using std::chrono::sys_days;
  for (const int year : {1600, 1900, 1970, 2026, 2037, 2100, 9999}) {
    const Time t = sys_days(std::chrono::year(year) / 3 / 29) + hours(1);
    const auto offset = zone->offset(t);
    fuzz::require(offset <= hours(200) && offset >= hours(-200), "a clock days from UTC");
    const auto day = zone->day(t);
    const auto instant =
        zone->instant(std::chrono::local_time<std::chrono::microseconds>(t.time_since_epoch()));
    fuzz::require(
        day.time_since_epoch() != days::max() && instant - t < hours(27) && t - instant < hours(27),
        "an instant days away");
  }
}

}  // namespace pgdr
