#include "base/throttle.hpp"

#include <cmath>

namespace pgdr {

namespace {

// As it was when the process last slept, or first looked.
struct Account {
  int64 hit;
  int64 read;
  int64 dirtied;
};

Account paid;

Account now() {
  return {pgBufferUsage.shared_blks_hit, pgBufferUsage.shared_blks_read,
          pgBufferUsage.shared_blks_dirtied};
}

// What statements before this one have read is not its business.
TimestampTz statement;

double balance() {
  if (statement != GetCurrentStatementStartTimestamp()) start_account();
  const Account at = now();
  return static_cast<double>(at.hit - paid.hit) * VacuumCostPageHit +
         static_cast<double>(at.read - paid.read) * VacuumCostPageMiss +
         static_cast<double>(at.dirtied - paid.dirtied) * VacuumCostPageDirty;
}

double share(int sharers) { return static_cast<double>(settings.cost_limit) / sharers; }

}  // namespace

void start_account() {
  paid = now();
  statement = GetCurrentStatementStartTimestamp();
}

bool spent_by_reading(int sharers) { return balance() >= share(sharers); }

// Unlike vacuum_delay_point the sleep is as long as what was spent asks for: one row may have read
// thousands of pages of an out-of-line value.
void sleep_off_reading(int sharers) {
  const double ms = settings.cost_delay * balance() / share(sharers);
  paid = now();
  const TimestampTz until =
      TimestampTzPlusMilliseconds(GetCurrentTimestamp(), static_cast<int64>(ceil(ms)));
  for (;;) {
    const long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);
    if (left <= 0) return;
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left,
                    PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
}

}  // namespace pgdr
