#include "base/catalog_query.hpp"

namespace pgdr {

namespace {
constexpr long kBatchRows = 1000;
}  // namespace

Portal open_query(const char* sql) {
  // foreign: none but output functions of constants, which superusers alone can make; the queries
  // are ours and read system catalogs.
  SPIPlanPtr plan = SPI_prepare(sql, 0, nullptr);
  if (plan == nullptr)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not prepare a catalog query"),
                    errdetail("%s", SPI_result_code_string(SPI_result))));
  // read_only: the portal uses the active snapshot as it is and takes no new one.
  // foreign: as above, because it is the same query.
  return SPI_cursor_open(nullptr, plan, nullptr, nullptr, true);
}

uint64 fetch_rows(Portal portal) {
  CHECK_FOR_INTERRUPTS();
  // foreign: as above, because it is the same query.
  SPI_cursor_fetch(portal, true, kBatchRows);
  return SPI_processed;
}

}  // namespace pgdr
