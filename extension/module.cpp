// What the server looks up when it loads the library.
#include "engine.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);  // NOLINT(bugprone-reserved-identifier): the server's name for it
}

namespace pgdr {

namespace {

// pgdr.origin: the mark that a restore leaves on a database (ALTER DATABASE … SET pgdr.origin =
// '{…}'), so that a verification knows which backup to compare it with. It is read from
// pg_db_role_setting; the variable exists so that a database's owner may set it.
char* origin = nullptr;

}  // namespace

}  // namespace pgdr

void _PG_init(void) {  // NOLINT(bugprone-reserved-identifier)
  DefineCustomStringVariable("pgdr.origin", "The backup that this database was restored from.",
                             "Written by pgdr restore; compact JSON.", &pgdr::origin, "",
                             PGC_USERSET, 0, nullptr, nullptr, nullptr);
  pgdr::reserve_guc_prefix("pgdr");
}
