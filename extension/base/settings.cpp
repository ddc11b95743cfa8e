#include "base/settings.hpp"

#include <climits>

namespace pgdr {

Settings settings;

namespace {

// pgdr.origin: the mark that a restore leaves on a database (ALTER DATABASE … SET pgdr.origin =
// '{…}'), so that a verification knows which backup to compare it with. It is read from
// pg_db_role_setting; the variable exists so that a database's owner may set it.
char* origin = nullptr;

void define_integer(const char* name, const char* what, const char* more, int* value, int standard,
                    int least, int most, int flags) {
  DefineCustomIntVariable(name, what, more, value, standard, least, most, PGC_USERSET, flags,
                          nullptr, nullptr, nullptr);
}

}  // namespace

void define_settings() {
  DefineCustomStringVariable("pgdr.origin", "The backup that this database was restored from.",
                             "Written by pgdr restore; compact JSON.", &origin, "", PGC_USERSET, 0,
                             nullptr, nullptr, nullptr);
  // As many as max_parallel_workers_per_gather allows a query; both stay within
  // max_parallel_workers.
  define_integer("pgdr.max_workers", "Parallel workers that help to count and fingerprint.",
                 "They come from max_parallel_workers; 0 leaves the work to the session alone.",
                 &settings.max_workers, 2, 0, 1024, 0);
  DefineCustomRealVariable("pgdr.cost_delay",
                           "Pause of a reading process each time pgdr.cost_limit is used up.",
                           "0 disables it.", &settings.cost_delay, 0.0, 0.0, 10000.0, PGC_USERSET,
                           GUC_UNIT_MS, nullptr, nullptr, nullptr);
  define_integer("pgdr.cost_limit", "Cost of pages read between two pauses.",
                 "Pages cost what vacuum_cost_page_hit, vacuum_cost_page_miss and "
                 "vacuum_cost_page_dirty say. The processes of one reading share the limit.",
                 &settings.cost_limit, 200, 1, 1000000, 0);
  define_integer("pgdr.lock_timeout",
                 "How long a snapshot waits for tables that others have locked exclusively.",
                 "They are read last; what is still locked then is reported as not read. "
                 "0 waits as lock_timeout allows.",
                 &settings.lock_timeout, 5000, 0, INT_MAX, GUC_UNIT_MS);
  // A superuser's, so that the owner of a database cannot switch it off for whoever looks at it.
  DefineCustomIntVariable("pgdr.foreign_timeout",
                          "How long the code of one object of the database may take.",
                          "Checks, conditions and functions of types run as the object's owner. "
                          "Work that grows with the data may take longer, by its size. 0 disables "
                          "the limit.",
                          &settings.foreign_timeout, 60000, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MS,
                          nullptr, nullptr, nullptr);
  reserve_guc_prefix("pgdr");
}

}  // namespace pgdr
