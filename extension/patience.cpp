#include "patience.hpp"

#include "settings.hpp"

namespace pgdr {

int pause_for_lock() {
  constexpr int kPollMs = 20;
  (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kPollMs,
                  PG_WAIT_EXTENSION);
  ResetLatch(MyLatch);
  CHECK_FOR_INTERRUPTS();
  return kPollMs;
}

bool lock_patiently(Oid relation, int* budget_ms) {
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
