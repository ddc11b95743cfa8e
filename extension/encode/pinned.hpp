// Settings under which output functions give the same text everywhere.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// Names that are part of a value. What must be quoted depends on the server's keywords, which every
// version adds to: canonical text has all of them quoted, text for people as few as possible.
enum class Names { kAsNeeded, kQuoted };

struct PinnedSettings {
  int nest_level = 0;  // 0: nothing is pinned

  // Idempotent. Changes DateStyle, IntervalStyle, TimeZone, extra_float_digits, bytea_output,
  // lc_monetary, xmlbinary, xmloption, search_path and quote_all_identifiers until restore(), or
  // until the (sub)transaction aborts, which restores them by itself.
  void pin(Names names = Names::kAsNeeded);
  void restore();
};

}  // namespace pgdr
