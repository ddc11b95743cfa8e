// Reading a heap table page by page, and every other table through its access method.
//
// Why not always table_beginscan: its per-row cost (slot, tuple copy of the line pointer, function pointers) is most of
// the time of count(*). A page's visible tuples are found as PostgreSQL's heapgetpage() does it.
#pragma once

#include "pg.hpp"

namespace pgdr {

// True if the relation's rows can be read page by page: heap storage, and no predicate locks to take for SERIALIZABLE.
bool reads_pages(Relation rel);

// The visible tuples of one page: copies of their line pointers.
struct VisibleItems {
  Page page;  // pinned, not locked
  BlockNumber block;
  int count;
  ItemIdData items[MaxHeapTuplesPerPage];
};

class PageScan {
 public:
  PageScan(Relation rel, Snapshot snapshot)
      : rel_(rel),
        snapshot_(snapshot),
        blocks_(RelationGetNumberOfBlocks(rel)),
        trust_all_visible_(snapshot->snapshot_type == SNAPSHOT_MVCC &&
                           !snapshot->takenDuringRecovery) {}

  // Pins the next page and finds its visible tuples; false at the end. Checks for interrupts. The pin keeps the tuples
  // where they are; it is given back by the next call. An ERROR in between gives it back through the resource owner.
  bool next(VisibleItems* out);

  // The same for a caller who wants only the number of tuples.
  bool next_count(int64* rows);

 private:
  Page open();
  void close();
  void find_visible(Page page, VisibleItems* out);

  Relation rel_;
  Snapshot snapshot_;
  BufferAccessStrategy strategy_ = GetAccessStrategy(BAS_BULKREAD);
  BlockNumber blocks_;
  BlockNumber block_ = 0;  // next to read
  Buffer buffer_ = InvalidBuffer;
  bool trust_all_visible_;
};

}  // namespace pgdr
