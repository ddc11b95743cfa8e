// Both passes over one side (difference_side.hpp).
#include "core/buckets.hpp"
#include "compare/difference_side.hpp"
#include "engine/page_scan.hpp"
#include "engine/row_hash.hpp"

namespace pgdr {

namespace {

// How the rows of one leaf are hashed.
struct Hashing {
  RowHasher rows;
  RowPlan* plan;
  Projection columns;
  Projection key;     // of no columns: the whole row
  RowPlan* key_plan;  // finds no more of a tuple than the key
};

// A plan that stops after the last of the columns.
RowPlan* up_to(PlanCache* cache, const RowPlan& plan, const Projection& columns) {
  auto* shorter = static_cast<RowPlan*>(MemoryContextAllocZero(cache->context, sizeof(RowPlan)));
  *shorter = plan;
  shorter->natts = 0;
  for (int i = 0; i < columns.count; ++i)
    if (columns.fields[i].attribute >= shorter->natts)
      shorter->natts = columns.fields[i].attribute + 1;
  if (shorter->fixed_count > shorter->natts) shorter->fixed_count = shorter->natts;
  return shorter;
}

void begin(Hashing* h, const Side& side, Relation leaf) {
  *h = Hashing{};
  init_row_hasher(&h->rows, CurrentMemoryContext);
  PlanCache* cache = &h->rows.encoder.plans;
  h->plan = relation_plan(cache, leaf);
  use_row_plan(&h->rows, *h->plan);
  named_projection(cache, leaf, h->plan, side.plan.columns, &h->columns);
  if (side.plan.key.count == 0) return;
  named_projection(cache, leaf, h->plan, side.plan.key, &h->key);
  h->key_plan = up_to(cache, *h->plan, h->key);
}

// Pages are pinned while their tuples are looked at, so a line pointer that leads to a visible
// tuple stays; the place is looked for only for rows that are asked for.
OffsetNumber offset_of(Page page, const ItemIdData& item) {
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
    const ItemIdData* candidate = PageGetItemId(page, offset);
    if (candidate->lp_off == item.lp_off && candidate->lp_len == item.lp_len &&
        ItemIdIsNormal(candidate))
      return offset;
  }
  return InvalidOffsetNumber;  // cannot be
}

struct PagePlace {
  const PageScan* scan;
  const VisibleItems* visible;
  const ItemIdData* item;
  ItemPointerData operator()() const {
    ItemPointerData tid;
    ItemPointerSet(&tid, scan->block(), offset_of(visible->page, *item));
    return tid;
  }
};

struct SlotPlace {
  const TupleTableSlot* slot;
  ItemPointerData operator()() const { return slot->tts_tid; }
};

template <typename OnTuple, typename OnPage>
void scan_pages(RowHasher* rows, Relation leaf, Snapshot snapshot, const uint8* pages,
                BlockNumber page_count, OnTuple&& on_tuple, OnPage&& on_page) {
  PageScan scan(leaf, snapshot);
  if (pages != nullptr) scan.only(pages, page_count);
  rows->place = scan.place();
  enter_place(rows->place);
  VisibleItems visible;
  while (scan.next(&visible)) {
    PageScan::Ahead ahead = scan.ahead(visible.count);
    for (int i = 0; i < visible.count; ++i) {
      ahead.next();
      const ItemIdData& item = visible.items[i];
      on_tuple(
          reinterpret_cast<HeapTupleHeader>(reinterpret_cast<char*>(visible.page) + item.lp_off),
          item.lp_len, PagePlace{&scan, &visible, &item});
    }
    on_page(scan.block());
  }
  leave_place(scan.place());
  rows->place = &rows->nowhere;
}

template <typename OnTuple>
void scan_slots(RowHasher* rows, Relation leaf, Snapshot snapshot, OnTuple&& on_tuple) {
  ReadingPlace place;
  name_relation(&place, leaf);
  rows->place = &place;
  enter_place(&place);
  TupleTableSlot* slot = table_slot_create(leaf, nullptr);
  TableScanDesc scan = table_beginscan(leaf, snapshot, 0, nullptr);
  while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
    CHECK_FOR_INTERRUPTS();
    bool should_free = false;
    enter_tuple(&place, slot->tts_tid);
    HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
    check_slot_tuple(slot, tuple);
    on_tuple(tuple->t_data, tuple->t_len, SlotPlace{slot});
    if (should_free) heap_freetuple(tuple);
    enter_block(&place, InvalidBlockNumber, nullptr);
  }
  table_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
  leave_place(&place);
  rows->place = &rows->nowhere;
}

// pages: a bitmap of those to read, or nullptr.
template <typename OnTuple, typename OnPage>
void scan_leaf(RowHasher* rows, Relation leaf, Snapshot snapshot, const uint8* pages,
               BlockNumber page_count, OnTuple&& on_tuple, OnPage&& on_page) {
  if (reads_pages(leaf))
    scan_pages(rows, leaf, snapshot, pages, page_count, on_tuple, on_page);
  else
    scan_slots(rows, leaf, snapshot, on_tuple);
}

void give_up(Side* side, RowMap* map) {
  if (map->buckets != nullptr) pfree(map->buckets);
  if (map->counts != nullptr) pfree(map->counts);
  side->map_room += map->room * sizeof(uint16) + map->pages_room * sizeof(uint16);
  *map = RowMap{};
}

// Doubles one of the map's arrays; false if that would take too much.
template <typename Count>
bool grow(Side* side, uint16** items, Count* room) {
  const Size more = *room == 0 ? 4096 : Size{*room};
  if (more * sizeof(uint16) > side->map_room) return false;
  side->map_room -= more * sizeof(uint16);
  *room = static_cast<Count>(*room + more);
  const Size bytes = Size{*room} * sizeof(uint16);
  *items =
      static_cast<uint16*>(*items == nullptr ? MemoryContextAllocHuge(CurrentMemoryContext, bytes)
                                             : repalloc_huge(*items, bytes));
  return true;
}

void note_row(Side* side, RowMap* map, int bucket) {
  if (!map->complete) return;
  if (map->rows == map->room && !grow(side, &map->buckets, &map->room)) {
    give_up(side, map);
    return;
  }
  map->buckets[map->rows++] = static_cast<uint16>(bucket);
}

// After the rows of a page; pages come in order, one after the other.
void note_page(Side* side, RowMap* map, BlockNumber block, Size rows_before) {
  if (!map->complete) return;
  if (map->pages != block ||
      (map->pages == map->pages_room && !grow(side, &map->counts, &map->pages_room))) {
    give_up(side, map);
    return;
  }
  map->counts[map->pages++] = static_cast<uint16>(map->rows - rows_before);
}

void start_maps(Side* side) {
  drop_maps(side);
  side->map_room = static_cast<Size>(maintenance_work_mem) * 1024;
  side->maps = static_cast<RowMap*>(palloc0(sizeof(RowMap) * static_cast<Size>(side->count + 1)));
  for (int i = 0; i < side->count; ++i) side->maps[i].complete = reads_pages(side->leaves[i]);
}

// The pages that have rows in wanted buckets, or nullptr if that is not known.
uint8* wanted_pages(const RowMap* map, const uint8* wanted) {
  if (map == nullptr || !map->complete) return nullptr;
  auto* pages = static_cast<uint8*>(palloc0(Size{map->pages} / 8 + 1));
  const uint16* bucket = map->buckets;
  for (BlockNumber page = 0; page < map->pages; ++page) {
    bool found = false;
    for (const uint16* end = bucket + map->counts[page]; bucket != end; ++bucket)
      found |= is_wanted(wanted, *bucket);
    if (found) pages[page >> 3] |= static_cast<uint8>(1U << (page & 7));
  }
  return pages;
}

// Hash of the located row's compared columns. Under a key that is the lower half of the keyed one,
// which sums up to the lower half of a bucket's sum.
core::U128 row_hash(Hashing* h, Size stored, uint64* length) {
  if (likely(h->rows.key == nullptr)) return hash_located(&h->rows, h->columns, stored, length);
  const core::U256 hash = hash_keyed(&h->rows, h->columns, stored, length, nullptr);
  return {hash.words[0], hash.words[1]};
}

// The located row under the key; returns its bucket.
int add_keyed(Hashing* h, Size stored, int bits, core::Digest* out) {
  uint64 length = 0;
  core::U128 key;
  const bool keyless = h->key.count == 0;
  const core::U256 hash =
      hash_keyed(&h->rows, h->columns, stored, &length, keyless ? &key : nullptr);
  if (!keyless) key = hash_key(&h->rows, h->key, stored);
  const int bucket = core::bucket_of(key, bits);
  out[bucket].add_keyed_row(hash, length);
  return bucket;
}

}  // namespace

void drop_maps(Side* side) {
  if (side->maps == nullptr) return;
  for (int i = 0; i < side->count; ++i) give_up(side, &side->maps[i]);
  pfree(side->maps);
  side->maps = nullptr;
}

void side_buckets(Side* side, core::Digest* out) {
  const int bits = side->plan.bits;
  core::Digest none;
  none.algorithm = digest_algorithm_in_use();
  for (int i = 0; i < 1 << bits; ++i) out[i] = none;
  auto* h = static_cast<Hashing*>(palloc(sizeof(Hashing)));
  start_maps(side);
  for (int leaf = 0; leaf < side->count; ++leaf) {
    RowMap* map = &side->maps[leaf];
    Size rows_before = 0;
    begin(h, *side, side->leaves[leaf]);
    scan_leaf(
        &h->rows, side->leaves[leaf], side->snapshot, nullptr, 0,
        [h, bits, out, side, map](HeapTupleHeader tuple, Size stored, const auto&) {
          uint64 length = 0;
          int bucket = 0;
          locate_row(&h->rows, *h->plan, tuple, stored);
          if (unlikely(h->rows.key != nullptr)) {
            bucket = add_keyed(h, stored, bits, out);
          } else if (h->key.count > 0) {
            // The sums are larger than the processor's nearest cache: the row's hash takes as long
            // as fetching one of them does.
            bucket = core::bucket_of(hash_key(&h->rows, h->key, stored), bits);
            __builtin_prefetch(&out[bucket], 1);
            out[bucket].add_row(row_hash(h, stored, &length), length);
          } else {
            const core::U128 hash = row_hash(h, stored, &length);
            bucket = core::bucket_of(hash, bits);
            out[bucket].add_row(hash, length);
          }
          note_row(side, map, bucket);
          reset_row(&h->rows.encoder);
        },
        [side, map, &rows_before](BlockNumber block) {
          note_page(side, map, block, rows_before);
          rows_before = map->rows;
        });
    finish_encoder(&h->rows.encoder);
  }
  pfree(h);
}

namespace {

// Calls found(entry) for a tuple in a wanted bucket.
template <typename Found>
inline void look_at(Hashing* h, HeapTupleHeader tuple, Size stored, const uint8* wanted, int bits,
                    Found&& found) {
  uint64 length = 0;
  core::RowEntry entry{};
  if (h->key_plan == nullptr) {
    locate_row(&h->rows, *h->plan, tuple, stored);
    entry.key = entry.row = hash_located(&h->rows, h->columns, stored, &length);
    if (is_wanted(wanted, core::bucket_of(entry.key, bits))) {
      if (h->rows.key != nullptr) entry.row = row_hash(h, stored, &length);
      found(entry);
    }
  } else {
    h->rows.streamed = false;  // a key is never that large
    h->rows.place->at = reinterpret_cast<const char*>(tuple);
    locate(*h->key_plan, tuple, stored, h->rows.where);
    entry.key = hash_key(&h->rows, h->key, stored);
    if (is_wanted(wanted, core::bucket_of(entry.key, bits))) {
      locate_row(&h->rows, *h->plan, tuple, stored);
      entry.row = row_hash(h, stored, &length);
      found(entry);
    }
  }
  reset_row(&h->rows.encoder);
}

}  // namespace

void side_rows(const Side& side, const uint8* wanted, RowSink* sink) {
  auto* h = static_cast<Hashing*>(palloc(sizeof(Hashing)));
  for (int leaf = 0; leaf < side.count; ++leaf) {
    begin(h, side, side.leaves[leaf]);
    const RowMap* map = side.maps == nullptr ? nullptr : &side.maps[leaf];
    const uint8* pages = wanted_pages(map, wanted);
    scan_leaf(
        &h->rows, side.leaves[leaf], side.snapshot, pages, map == nullptr ? 0 : map->pages,
        [&](HeapTupleHeader tuple, Size stored, const auto& place) {
          look_at(h, tuple, stored, wanted, side.plan.bits, [&](core::RowEntry& entry) {
            const ItemPointerData tid = place();
            entry.count = 1;
            entry.leaf = static_cast<uint32>(leaf);
            entry.block = ItemPointerGetBlockNumberNoCheck(&tid);
            entry.offset = ItemPointerGetOffsetNumberNoCheck(&tid);
            sink->add(sink, entry);
          });
        },
        [sink](BlockNumber) {
          if (sink->page != nullptr) sink->page(sink);
        });
    finish_encoder(&h->rows.encoder);
  }
  pfree(h);
}

}  // namespace pgdr
