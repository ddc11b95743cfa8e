// Locks of those who must be in nobody's way.
#pragma once

#include "pg.hpp"

namespace pgdr {

// How long a worker waits for one locked relation.
inline constexpr int kLockWaitMs = 5000;

// Takes ACCESS SHARE without ever queueing, so that nothing queues behind this worker; false after
// kLockWaitMs, or once the budget, which it takes the time from, is used up.
bool lock_patiently(Oid relation, int* budget_ms);

}  // namespace pgdr
