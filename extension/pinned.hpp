// Settings under which output functions give the same text everywhere.
#pragma once

#include "pg.hpp"

namespace pgdr {

struct PinnedSettings {
  int nest_level = 0;  // 0: nothing is pinned

  // Idempotent. Changes DateStyle, IntervalStyle, TimeZone, extra_float_digits, bytea_output,
  // lc_monetary, xmlbinary, xmloption and search_path until restore(), or until the
  // (sub)transaction aborts, which restores them by itself.
  void pin();
  void restore();
};

}  // namespace pgdr
