// What the server looks up when it loads the library.
#include "foreign/place.hpp"
#include "base/settings.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);  // NOLINT(bugprone-reserved-identifier): the server's name for it
}

void _PG_init(void) {  // NOLINT(bugprone-reserved-identifier)
  pgdr::define_settings();
  pgdr::watch_foreign_statements();
}
