#include "base/lock_wait.hpp"

#include "base/settings.hpp"

namespace pgdr {
namespace {

// Of the monotonic clock: the time of day may be set while somebody waits.
int64 elapsed_ms(instr_time since) {
  instr_time now;
  INSTR_TIME_SET_CURRENT(now);
  INSTR_TIME_SUBTRACT(now, since);
  return static_cast<int64>(INSTR_TIME_GET_MILLISEC(now));
}

}  // namespace

int pause_for_lock() {
  constexpr int kPollMs = 20;
  instr_time start;
  INSTR_TIME_SET_CURRENT(start);
  // The latch is set for many reasons (a signal, a notification): none of them shortens the wait.
  int64 waited = 0;
  do {
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                    static_cast<long>(kPollMs - waited), PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    waited = elapsed_ms(start);
  } while (waited < kPollMs);
  return static_cast<int>(waited < 60000 ? waited : 60000);
}

bool lock_without_queueing(Oid relation, int* budget_ms) {
  for (int waited = 0;;) {
    if (ConditionalLockRelationOid(relation, AccessShareLock)) return true;
    const bool limited = settings.lock_timeout > 0;
    if ((limited && waited >= settings.lock_timeout) || *budget_ms <= 0) return false;
    const int ms = pause_for_lock();
    waited += limited ? ms : 0;
    *budget_ms -= ms;
  }
}

}  // namespace pgdr
