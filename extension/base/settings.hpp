// The extension's configuration parameters; doc/sql.md ("Settings") says what they mean to a user.
//
//   if (settings.max_workers > 0) …
//
// All but foreign_timeout may be set by anyone, for a session, a role or a database: they only
// decide how much of the server one's own reading may take, and how long.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

struct Settings {
  int max_workers;      // parallel workers beside the process that asks; 0: that process alone
  double cost_delay;    // milliseconds to sleep each time cost_limit is used up; 0: never
  int cost_limit;       // in the units of vacuum_cost_page_hit and its kin
  int lock_timeout;     // milliseconds to wait for relations that others have locked; 0: for ever
  int foreign_timeout;  // milliseconds that the code of one object may take; 0: no limit
};

extern Settings settings;

// Called once, when the server loads the library.
void define_settings();

}  // namespace pgdr
