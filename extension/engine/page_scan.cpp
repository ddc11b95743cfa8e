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

// Line pointers as numbers, four at a time and without a branch for each: there are hundreds on a
// page of narrow rows.
using Four = uint32 __attribute__((vector_size(4 * sizeof(uint32))));

constexpr uint32 kFlags = 3U << 15;
#ifdef WORDS_BIGENDIAN
constexpr int kOffsetBit = 17, kLengthBit = 0;
#else
constexpr int kOffsetBit = 0, kLengthBit = 17;
#endif
constexpr uint32 kFieldMask = 0x7FFF;  // of lp_off and lp_len

// Calls look() with the line pointers as a Four or a uint32.
template <typename Look>
inline void look_at_items(const ItemIdData* items, int count, Look&& look) {
  static_assert(sizeof(ItemIdData) == sizeof(uint32));
  int i = 0;
  for (; i + 4 <= count; i += 4) {
    Four four;
    std::memcpy(&four, items + i, sizeof four);
    look(four);
  }
  for (; i < count; ++i) {
    uint32 one = 0;
    std::memcpy(&one, items + i, sizeof one);
    look(one);
  }
}

// Results of a look() for both.
struct ItemBits {
  Four four{};
  uint32 one = 0;

  Four* in(const Four&) { return &four; }
  uint32* in(uint32) { return &one; }
  uint32 any() const { return four[0] | four[1] | four[2] | four[3] | one; }
};

bool are_all_normal(const ItemIdData* items, int count) {
  ItemBits other;
  look_at_items(items, count,
                [&](auto item) { *other.in(item) |= (item ^ uint32{LP_NORMAL << 15}) & kFlags; });
  return other.any() == 0;
}

// is_sound_item() of all: the highest bit of `below` says that something was less than it may be.
bool are_sound_items(const ItemIdData* items, int count) {
  ItemBits below, offsets;
  look_at_items(items, count, [&](auto item) {
    const auto from = (item >> kOffsetBit) & kFieldMask;
    const auto length = (item >> kLengthBit) & kFieldMask;
    *below.in(item) |= (from - uint32{SizeOfPageHeaderData}) |
                       (length - uint32{SizeofHeapTupleHeader}) | (uint32{BLCKSZ} - from - length);
    *offsets.in(item) |= from;
  });
  return below.any() >> 31 == 0 && offsets.any() % MAXIMUM_ALIGNOF == 0;
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

void PageScan::damaged_item(Page page, OffsetNumber offset) {
  const ItemIdData* item = PageGetItemId(page, offset);
  place_.offset = offset;
  ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("a line pointer is damaged"),
                  errdetail("It leads to %u bytes from byte %u of the page on.", item->lp_len,
                            item->lp_off)));
  pg_unreachable();
}

void PageScan::check_item(Page page, OffsetNumber offset) {
  if (unlikely(!is_sound_item(*PageGetItemId(page, offset)))) damaged_item(page, offset);
}

// Of the normal ones of a page. Most pages are sound.
void PageScan::check_items(Page page, const VisibleItems& visible) {
  if (likely(are_sound_items(visible.items, visible.count))) return;
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset)
    if (ItemIdIsNormal(PageGetItemId(page, offset))) check_item(page, offset);
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
  int count = 0;
  if (trust_all_visible_ && PageIsAllVisible(page)) {
    const ItemIdData* items = PageGetItemId(page, FirstOffsetNumber);
    if (are_all_normal(items, last)) {
      std::memcpy(out->items, items, sizeof(ItemIdData) * last);
      count = last;
    } else {
      for (int i = 0; i < last; ++i) {
        out->items[count] = items[i];
        count += ItemIdIsNormal(&items[i]) ? 1 : 0;
      }
    }
    out->count = count;
    check_items(page, *out);
    return;
  }
  const BlockNumber block = BufferGetBlockNumber(buffer_);
  for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
    ItemId item = PageGetItemId(page, offset);
    if (!ItemIdIsNormal(item)) continue;
    check_item(page, offset);
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
