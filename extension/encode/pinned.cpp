#include "encode/pinned.hpp"

namespace pgdr {

void PinnedSettings::pin(Names names) {
  static constexpr const char* kSettings[][2] = {
      {"datestyle", "ISO, YMD"},
      {"intervalstyle", "postgres"},
      {"timezone", "UTC"},
      {"extra_float_digits", "1"},
      {"bytea_output", "hex"},
      {"lc_monetary", "C"},
      {"xmlbinary", "base64"},
      {"xmloption", "content"},
      {"search_path", "pg_catalog, pg_temp"},
  };
  if (nest_level != 0) return;
  nest_level = NewGUCNestLevel();
  // GUC_ACTION_SAVE is what parallel workers may do, too.
  for (const auto& setting : kSettings)
    (void)set_config_option(setting[0], setting[1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                            true, 0, false);
  (void)set_config_option("quote_all_identifiers", names == Names::kQuoted ? "on" : "off",
                          PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

void PinnedSettings::restore() {
  if (nest_level == 0) return;
  // As at an abort, so that settings which a function made meanwhile go, too.
  AtEOXact_GUC(false, nest_level);
  nest_level = 0;
}

}  // namespace pgdr
