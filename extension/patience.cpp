#include "patience.hpp"

namespace pgdr {

bool lock_patiently(Oid relation, int* budget_ms) {
  constexpr int kPollMs = 20;
  for (int waited = 0;; waited += kPollMs) {
    if (ConditionalLockRelationOid(relation, AccessShareLock)) return true;
    if (waited >= kLockWaitMs || *budget_ms <= 0) return false;
    *budget_ms -= kPollMs;
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kPollMs,
                    PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
}

}  // namespace pgdr
