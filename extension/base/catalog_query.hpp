// Read-only catalog queries, row by row, in bounded memory.
//
//   each_row("SELECT oid, relname FROM pg_class", [&](const Row& row) { use(row.oid(1),
//   row.text(2)); });
//
// The caller holds an SPI connection and an active snapshot; every query sees that snapshot. Values
// that a callback wants to keep must be copied out of the row: its memory ends with the batch.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

class Row {
 public:
  Row(HeapTuple tuple, TupleDesc desc) : tuple_(tuple), desc_(desc) {}
  int columns() const { return desc_->natts; }
  // Text form of column n (from 1), nullptr for NULL.
  const char* text(int n) const { return SPI_getvalue(tuple_, desc_, n); }
  bool null(int n) const {
    bool is_null = false;
    (void)SPI_getbinval(tuple_, desc_, n, &is_null);
    return is_null;
  }
  // Value of column n (from 1); meaningless for NULL.
  Datum datum(int n) const {
    bool is_null = false;
    return SPI_getbinval(tuple_, desc_, n, &is_null);
  }
  Oid oid(int n) const { return null(n) ? InvalidOid : DatumGetObjectId(datum(n)); }
  char chr(int n) const { return null(n) ? '\0' : DatumGetChar(datum(n)); }
  bool boolean(int n) const { return !null(n) && DatumGetBool(datum(n)); }

 private:
  HeapTuple tuple_;
  TupleDesc desc_;
};

// Opens a portal for a query without parameters under the active snapshot.
Portal open_query(const char* sql);
// Fetches the next rows into SPI_tuptable; returns how many (0: the end).
uint64 fetch_rows(Portal portal);

// Calls f(row) for each row of the query. Each batch has a memory context of its own, current
// during the call.
template <typename F>
void each_row(const char* sql, F&& f) {
  Portal portal = open_query(sql);
  MemoryContext batch =
      AllocSetContextCreate(CurrentMemoryContext, "pgdr catalog rows", ALLOCSET_DEFAULT_SIZES);
  for (uint64 n = fetch_rows(portal); n > 0; n = fetch_rows(portal)) {
    SPITupleTable* rows = SPI_tuptable;
    MemoryContext outer = MemoryContextSwitchTo(batch);
    for (uint64 i = 0; i < n; i++) f(Row(rows->vals[i], rows->tupdesc));
    MemoryContextSwitchTo(outer);
    MemoryContextReset(batch);
    SPI_freetuptable(rows);
  }
  MemoryContextDelete(batch);
  SPI_cursor_close(portal);
}

}  // namespace pgdr
