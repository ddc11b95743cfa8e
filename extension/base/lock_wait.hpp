// Locks of those who must be in nobody's way.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// Takes ACCESS SHARE without ever queueing, so that nothing queues behind this process; false after
// pgdr.lock_timeout, or once the budget, which it takes the time from, is used up.
bool lock_without_queueing(Oid relation, int* budget_ms);

// Waits for at least 20 ms between two attempts, interruptibly, whatever wakes the process
// meanwhile; returns the milliseconds that it took.
int pause_for_lock();

}  // namespace pgdr
