// Reading a heap table page by page, and every other table through its access method.
//
// Why not always table_beginscan: its per-row cost (slot, tuple copy of the line pointer, function
// pointers) is most of the time of count(*). A page's visible tuples are found as PostgreSQL's
// heapgetpage() does it.
#pragma once

#include "base/pg.hpp"

#include "base/reading_place.hpp"
#include "base/throttle.hpp"

namespace pgdr {

// True if the relation's rows can be read page by page: heap storage, and no predicate locks to
// take for SERIALIZABLE.
bool reads_pages(Relation rel);

// The visible tuples of one page: copies of their line pointers, which lead to at least a tuple's
// header within the page.
struct VisibleItems {
  Page page;  // pinned, not locked
  int count;
  ItemIdData items[MaxHeapTuplesPerPage];
};

// Errors unless a tuple that a slot gave lies within its page, as far as it is long, and has a
// header.
void check_slot_tuple(const TupleTableSlot* slot, HeapTuple tuple);

class PageScan {
 public:
  PageScan(Relation rel, Snapshot snapshot)
      : rel_(rel),
        snapshot_(snapshot),
        size_(RelationGetNumberOfBlocks(rel)),
        blocks_(size_),
        trust_all_visible_(snapshot->snapshot_type == SNAPSHOT_MVCC &&
                           !snapshot->takenDuringRecovery) {
    name_relation(&place_, rel);
  }

  // Reads only pages from..to-1 of those there were when the scan was made; before the first next()
  // or after one that returned false. Pages that VACUUM has cut off since a caller counted them are
  // not missed: nothing visible was on them.
  void range(BlockNumber from, BlockNumber to) {
    block_ = from;
    blocks_ = to < size_ ? to : size_;
  }

  // How many processes share pgdr.cost_limit.
  void share(int sharers) { sharers_ = sharers; }

  // After a tuple with out-of-line values, of which one page may have many gigabytes: pauses within
  // the page if they cost more than is due.
  void pause_within(HeapTupleHeader tuple) const {
    if ((tuple->t_infomask & HEAP_HASEXTERNAL) != 0 && must_pause(sharers_))
      sleep_off_reading(sharers_);
  }

  // Finds the visible tuples of the next page; false at the end. Checks for interrupts. A pin keeps
  // the tuples where they are; it is given back by the next call. An ERROR in between gives it back
  // through the resource owner.
  bool next(VisibleItems* out);

  // Reads only pages whose bit is set, of as many as the bitmap has; before the first next(). The
  // bitmap outlives the scan.
  void only(const uint8* pages, BlockNumber count) {
    pages_ = pages;
    if (count < blocks_) blocks_ = count;
  }

  // What is read, for enter_place(); next() notes the page at hand there.
  ReadingPlace* place() { return &place_; }

  // Of the page at hand.
  BlockNumber block() const { return BufferGetBlockNumber(buffer_); }

  // Fetches the page after the one at hand into the processor's cache, a part with each of the
  // tuples: that hides the memory's latency behind the work on them. Where the table lies in shared
  // buffers, a fingerprint takes half the time. Always inline: gcc takes a function that does
  // nothing else for one without effect and removes the call.
  class Ahead {
   public:
    Ahead(const char* page, int tuples)
        : at_(page),
          end_(page == nullptr ? nullptr : page + BLCKSZ),
          step_(kCacheLine * (tuples > 0 ? (kLines + tuples - 1) / tuples : kLines)) {}
    pg_attribute_always_inline void next() {
      if (at_ >= end_) return;
      for (int i = 0; i < step_; i += kCacheLine) __builtin_prefetch(at_ + i);
      at_ += step_;
    }

   private:
    static constexpr int kCacheLine = 64;
    static constexpr int kLines = BLCKSZ / kCacheLine;
    const char* at_;
    const char* end_;
    int step_;
  };
  Ahead ahead(int tuples) const { return {ahead_, tuples}; }

  // The same for a caller who wants only the number of tuples.
  bool next_count(int64* rows);

 private:
  void pin_next();
  Page lock();
  OffsetNumber last_item(Page page);
  [[noreturn]] void damaged_item(Page page, OffsetNumber offset);
  void check_item(Page page, OffsetNumber offset);
  void check_items(Page page, const VisibleItems& visible);
  void find_visible(Page page, VisibleItems* out);

  Relation rel_;
  Snapshot snapshot_;
  BufferAccessStrategy strategy_ = GetAccessStrategy(BAS_BULKREAD);
  BlockNumber size_;               // of the relation; what is added later nobody here can see
  BlockNumber blocks_;             // where to stop
  BlockNumber block_ = 0;          // next to pin
  Buffer buffer_ = InvalidBuffer;  // the page at hand
  Buffer next_ = InvalidBuffer;    // the page after it, already pinned
  const char* ahead_ = nullptr;    // and where it lies
  const uint8* pages_ = nullptr;   // nullptr: all
  int sharers_ = 1;
  bool trust_all_visible_;
  ReadingPlace place_;
};

}  // namespace pgdr
