#include "engine/page_scan.hpp"

#include <cstring>

#include "base/shared_mapping.hpp"

namespace pgdr {

bool reads_pages(Relation rel) {
  return rel->rd_tableam == GetHeapamTableAmRoutine() && !IsolationIsSerializable();
}

namespace {

// A line pointer to a tuple that lies in the page, aligned, and has a header. What follows the
// header is its reader's to check.
bool is_sound_item(const ItemIdData& item) {
  const unsigned from = item.lp_off;
  return from >= SizeOfPageHeaderData && from == MAXALIGN(from) &&
         item.lp_len >= SizeofHeapTupleHeader && from + item.lp_len <= BLCKSZ;
}

}  // namespace

void check_slot_tuple(const TupleTableSlot* slot, HeapTuple tuple) {
  bool sound = tuple->t_len >= SizeofHeapTupleHeader;
  if (TTS_IS_BUFFERTUPLE(slot)) {
    const Buffer buffer = reinterpret_cast<const BufferHeapTupleTableSlot*>(slot)->buffer;
    if (BufferIsValid(buffer)) {
      const char* page = reinterpret_cast<const char*>(BufferGetPage(buffer));
      const auto* begin = reinterpret_cast<const char*>(tuple->t_data);
      sound &= begin + tuple->t_len <= page + BLCKSZ;
    }
  }
  if (!sound)
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("a line pointer is damaged"),
                    errdetail("It gives %u bytes for its row.", tuple->t_len)));
}

// A page with more line pointers than rows fit into it would not fit into VisibleItems.
OffsetNumber PageScan::last_item(Page page) {
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  if (unlikely(last > MaxHeapTuplesPerPage))
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("the header of a page is damaged"),
                    errdetail("It gives %u line pointers; there can be %u.", last,
                              static_cast<unsigned>(MaxHeapTuplesPerPage))));
  return last;
}

// Without branches: most pages are sound.
bool PageScan::is_sound(Page page, OffsetNumber last) {
  const ItemIdData* items = PageGetItemId(page, FirstOffsetNumber);
  unsigned damaged = 0;
  for (int i = 0; i < last; ++i) {
    const unsigned from = items[i].lp_off;
    const unsigned length = items[i].lp_len;
    damaged |= static_cast<unsigned>(ItemIdIsNormal(&items[i])) &
               (static_cast<unsigned>(from < SizeOfPageHeaderData) |
                static_cast<unsigned>(from % MAXIMUM_ALIGNOF != 0) |
                static_cast<unsigned>(length < SizeofHeapTupleHeader) |
                static_cast<unsigned>(from + length > BLCKSZ));
  }
  return damaged == 0;
}

void PageScan::check_items(Page page, OffsetNumber last) {
  if (likely(is_sound(page, last))) return;
  for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
    const ItemIdData* item = PageGetItemId(page, offset);
    if (!ItemIdIsNormal(item) || is_sound_item(*item)) continue;
    place_.offset = offset;
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("a line pointer is damaged"),
                    errdetail("It leads to %u bytes from byte %u of the page on.", item->lp_len,
                              item->lp_off)));
  }
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
  enter_block(&place_, block_, nullptr);
  next_ = ReadBufferExtended(rel_, MAIN_FORKNUM, block_++, RBM_NORMAL, strategy_);
  ahead_ = reinterpret_cast<const char*>(BufferGetPage(next_));
  map_around(ahead_);
}

Page PageScan::lock() {
  LockBuffer(buffer_, BUFFER_LOCK_SHARE);
  Page page = BufferGetPage(buffer_);
  enter_block(&place_, BufferGetBlockNumber(buffer_), reinterpret_cast<const char*>(page));
  check_old_snapshot(snapshot_, rel_, page);
  return page;
}

void PageScan::find_visible(Page page, VisibleItems* out) {
  const OffsetNumber last = last_item(page);
  check_items(page, last);
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
    place_.offset = offset;
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
  enter_block(&place_, BufferGetBlockNumber(buffer_), reinterpret_cast<const char*>(page));
  return true;
}

bool PageScan::next_count(int64* rows) {
  if (block_ >= blocks_) return false;
  pin_next();
  buffer_ = next_;
  Page page = lock();
  if (trust_all_visible_ && PageIsAllVisible(page)) {
    const OffsetNumber last = last_item(page);
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
