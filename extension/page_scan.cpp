#include "page_scan.hpp"

#include <cstring>

#include "shared_mapping.hpp"

namespace pgdr {

bool reads_pages(Relation rel) {
  return rel->rd_tableam == GetHeapamTableAmRoutine() && !IsolationIsSerializable();
}

void PageScan::pin_next() {
  next_ = InvalidBuffer;
  ahead_ = nullptr;
  if (pages_ != nullptr)
    while (block_ < blocks_ && (pages_[block_ >> 3] >> (block_ & 7) & 1) == 0) ++block_;
  if (block_ >= blocks_) return;
  CHECK_FOR_INTERRUPTS();
  if (must_pause(sharers_)) {
    if (BufferIsValid(buffer_)) return;  // next() comes back without it
    sleep_off_reading(sharers_);
  }
  next_ = ReadBufferExtended(rel_, MAIN_FORKNUM, block_++, RBM_NORMAL, strategy_);
  ahead_ = reinterpret_cast<const char*>(BufferGetPage(next_));
  map_around(ahead_);
}

Page PageScan::lock() {
  LockBuffer(buffer_, BUFFER_LOCK_SHARE);
  Page page = BufferGetPage(buffer_);
  check_old_snapshot(snapshot_, rel_, page);
  return page;
}

void PageScan::find_visible(Page page, VisibleItems* out) {
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  int count = 0;
  if (trust_all_visible_ && PageIsAllVisible(page)) {
    const ItemIdData* items = PageGetItemId(page, FirstOffsetNumber);
    for (int i = 0; i < last; ++i) {
      out->items[count] = items[i];
      count += ItemIdIsNormal(&items[i]) ? 1 : 0;
    }
    out->count = count;
    return;
  }
  const BlockNumber block = BufferGetBlockNumber(buffer_);
  for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
    ItemId item = PageGetItemId(page, offset);
    if (!ItemIdIsNormal(item)) continue;
    HeapTupleData tuple;
    tuple.t_tableOid = RelationGetRelid(rel_);
    tuple.t_data = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
    tuple.t_len = ItemIdGetLength(item);
    ItemPointerSet(&tuple.t_self, block, offset);
    if (HeapTupleSatisfiesVisibility(&tuple, snapshot_, buffer_)) out->items[count++] = *item;
  }
  out->count = count;
}

bool PageScan::next(VisibleItems* out) {
  if (BufferIsValid(buffer_)) ReleaseBuffer(buffer_);
  buffer_ = InvalidBuffer;
  if (!BufferIsValid(next_)) pin_next();
  buffer_ = next_;
  if (!BufferIsValid(buffer_)) return false;
  Page page = lock();
  find_visible(page, out);
  LockBuffer(buffer_, BUFFER_LOCK_UNLOCK);
  out->page = page;
  pin_next();
  return true;
}

bool PageScan::next_count(int64* rows) {
  if (block_ >= blocks_) return false;
  pin_next();
  buffer_ = next_;
  Page page = lock();
  if (trust_all_visible_ && PageIsAllVisible(page)) {
    const OffsetNumber last = PageGetMaxOffsetNumber(page);
    const ItemIdData* items = PageGetItemId(page, FirstOffsetNumber);
    int count = 0;
    for (int i = 0; i < last; ++i) count += ItemIdIsNormal(&items[i]) ? 1 : 0;
    *rows += count;
  } else {
    VisibleItems visible;
    find_visible(page, &visible);
    *rows += visible.count;
  }
  UnlockReleaseBuffer(buffer_);
  buffer_ = InvalidBuffer;
  return true;
}

}  // namespace pgdr
