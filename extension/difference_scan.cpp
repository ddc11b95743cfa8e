// Both passes over one side (difference_side.hpp).
#include "core/buckets.hpp"
#include "difference_side.hpp"
#include "page_scan.hpp"
#include "row_hash.hpp"

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
void scan_pages(Relation leaf, Snapshot snapshot, OnTuple&& on_tuple, OnPage&& on_page) {
  PageScan scan(leaf, snapshot);
  VisibleItems visible;
  while (scan.next(&visible)) {
    for (int i = 0; i < visible.count; ++i) {
      scan.prefetch(i);
      const ItemIdData& item = visible.items[i];
      on_tuple(
          reinterpret_cast<HeapTupleHeader>(reinterpret_cast<char*>(visible.page) + item.lp_off),
          item.lp_len, PagePlace{&scan, &visible, &item});
    }
    on_page();
  }
}

template <typename OnTuple>
void scan_slots(Relation leaf, Snapshot snapshot, OnTuple&& on_tuple) {
  TupleTableSlot* slot = table_slot_create(leaf, nullptr);
  TableScanDesc scan = table_beginscan(leaf, snapshot, 0, nullptr);
  while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
    CHECK_FOR_INTERRUPTS();
    bool should_free = false;
    HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
    on_tuple(tuple->t_data, tuple->t_len, SlotPlace{slot});
    if (should_free) heap_freetuple(tuple);
  }
  table_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
}

template <typename OnTuple, typename OnPage>
void scan_leaf(Relation leaf, Snapshot snapshot, OnTuple&& on_tuple, OnPage&& on_page) {
  if (reads_pages(leaf))
    scan_pages(leaf, snapshot, on_tuple, on_page);
  else
    scan_slots(leaf, snapshot, on_tuple);
}

// Hash of the located row's compared columns.
core::U128 row_hash(Hashing* h, Size stored, uint64* length) {
  return hash_located(&h->rows, h->columns, stored, length);
}

}  // namespace

void side_buckets(const Side& side, core::Digest* out) {
  const int bits = side.plan.bits;
  for (int i = 0; i < 1 << bits; ++i) out[i] = core::Digest{};
  auto* h = static_cast<Hashing*>(palloc(sizeof(Hashing)));
  for (int leaf = 0; leaf < side.count; ++leaf) {
    begin(h, side, side.leaves[leaf]);
    scan_leaf(
        side.leaves[leaf], side.snapshot,
        [h, bits, out](HeapTupleHeader tuple, Size stored, const auto&) {
          uint64 length = 0;
          locate_row(&h->rows, *h->plan, tuple);
          if (h->key.count > 0) {
            // The sums are larger than the processor's nearest cache: the row's hash takes as long
            // as fetching one of them does.
            core::Digest& sum = out[core::bucket_of(hash_key(&h->rows, h->key, stored), bits)];
            __builtin_prefetch(&sum, 1);
            sum.add_row(row_hash(h, stored, &length), length);
          } else {
            const core::U128 hash = row_hash(h, stored, &length);
            out[core::bucket_of(hash, bits)].add_row(hash, length);
          }
          reset_row(&h->rows.encoder);
        },
        [] {});
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
    locate_row(&h->rows, *h->plan, tuple);
    entry.key = entry.row = row_hash(h, stored, &length);
    if (is_wanted(wanted, core::bucket_of(entry.key, bits))) found(entry);
  } else {
    h->rows.streamed = false;  // a key is never that large
    locate(*h->key_plan, tuple, h->rows.where);
    entry.key = hash_key(&h->rows, h->key, stored);
    if (is_wanted(wanted, core::bucket_of(entry.key, bits))) {
      locate_row(&h->rows, *h->plan, tuple);
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
    scan_leaf(
        side.leaves[leaf], side.snapshot,
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
        [sink] {
          if (sink->page != nullptr) sink->page(sink);
        });
    finish_encoder(&h->rows.encoder);
  }
  pfree(h);
}

}  // namespace pgdr
