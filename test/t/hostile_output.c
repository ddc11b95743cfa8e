/* The output function of a type that pgdr does not know: it runs SQL. Only a superuser can make one; as whom it runs is the question. */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(bait_in);
PG_FUNCTION_INFO_V1(bait_out);

Datum bait_in(PG_FUNCTION_ARGS) { return PointerGetDatum(cstring_to_text(PG_GETARG_CSTRING(0))); }

Datum bait_out(PG_FUNCTION_ARGS) {
  char* value = text_to_cstring(PG_GETARG_TEXT_PP(0));
  SPI_connect();
  SPI_execute("SELECT trap.note('output function')", false, 0);
  SPI_finish();
  PG_RETURN_CSTRING(value);
}
