// Locks of those who must be in nobody's way.
#pragma once

#include "pg.hpp"

namespace pgdr {

// Takes ACCESS SHARE without ever queueing, so that nothing queues behind this process; false after
// pgdr.lock_timeout, or once the budget, which it takes the time from, is used up.
bool lock_patiently(Oid relation, int* budget_ms);

// Sleeps for a moment between two attempts, interruptibly; returns the milliseconds.
int pause_for_lock();

}  // namespace pgdr
