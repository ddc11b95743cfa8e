// Cost-based delay, as VACUUM has it: pages cost, and a process that has used up its share of
// pgdr.cost_limit sleeps for pgdr.cost_delay. With a delay of 0 nothing is counted.
//
// What a page costs (vacuum_cost_page_hit, _miss, _dirty) is taken from the buffer statistics of
// the process, so that pages of out-of-line values count as well as those of the table.
#pragma once

#include "base/settings.hpp"

namespace pgdr {

// Forgets what was read before; done by itself where a statement's first page is read.
void start_account();

// True if the process has spent its share; sharers: how many processes divide the limit, at least
// one.
bool spent_by_reading(int sharers);

// Sleeps off what has been spent, interruptibly. Call it without a pin: a pinned page is one that
// VACUUM cannot clean.
void sleep_off_reading(int sharers);

// Once before every page.
inline bool must_pause(int sharers) {
  return unlikely(settings.cost_delay > 0) && spent_by_reading(sharers);
}

}  // namespace pgdr
