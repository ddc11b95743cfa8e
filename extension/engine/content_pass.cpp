#include "engine/content_pass.hpp"

#include <new>

namespace pgdr {

namespace {

template <bool kBuckets>
void add_keyed_tuple(ContentPass* pass, HeapTupleHeader tuple, Size stored) {
  RowPlan* plan = pass->plan;
  RowHasher* rows = &pass->rows;
  uint64 length = 0;
  locate_row(rows, *plan, tuple, stored);
  if constexpr (kBuckets) {
    core::U128 key;
    const bool keyless = plan->key.count == 0;
    const core::U256 hash =
        hash_keyed(rows, plan->columns, stored, &length, keyless ? &key : nullptr);
    if (!keyless) key = hash_key(rows, plan->key, stored);
    pass->buckets[core::bucket_of(key, core::kBucketBitsMax)].add_keyed_row(hash, length);
  } else {
    const core::U256 hash = hash_keyed(rows, plan->columns, stored, &length, nullptr);
    pass->digest.add_keyed_row(hash, length);
  }
  if (plan->generated.count > 0) {
    const core::U256 generated = hash_keyed(rows, plan->generated, stored, &length, nullptr);
    pass->generated.add_keyed_row(generated, length);
  }
  reset_row(&rows->encoder);
}

template <bool kBuckets>
inline void add_tuple(ContentPass* pass, HeapTupleHeader tuple, Size stored, const char* limit) {
  if (unlikely(pass->rows.key != nullptr))
    add_keyed_tuple<kBuckets>(pass, tuple, stored);
  else
    lay_row<kBuckets>(&pass->batch, &pass->rows, tuple, stored, limit);
}

template <bool kBuckets>
void scan_pages(ContentPass* pass) {
  PageScan* scan = &pass->scan;
  enter_place(scan->place());
  VisibleItems visible;
  while (scan->next(&visible)) {
    const char* limit = reinterpret_cast<const char*>(visible.page) + BLCKSZ;
    PageScan::Ahead ahead = scan->ahead(visible.count);
    for (int i = 0; i < visible.count; ++i) {
      ahead.next();
      const ItemIdData& item = visible.items[i];
      auto* tuple =
          reinterpret_cast<HeapTupleHeader>(reinterpret_cast<char*>(visible.page) + item.lp_off);
      add_tuple<kBuckets>(pass, tuple, item.lp_len, limit);
      scan->pause_within(tuple);
    }
    hash_batch<kBuckets>(&pass->batch, &pass->rows);
  }
  leave_place(scan->place());
}

void count_pages(ContentPass* pass) {
  int64 rows = 0;
  enter_place(pass->scan.place());
  while (pass->scan.next_count(&rows)) {
  }
  leave_place(pass->scan.place());
  pass->digest.rows += static_cast<uint64>(rows);
}

void add_slot(ContentPass* pass, TupleTableSlot* slot) {
  if (pass->mode == PassMode::kCount) {
    ++pass->digest.rows;
    return;
  }
  enter_tuple(pass->scan.place(), slot->tts_tid);
  bool should_free = false;
  HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
  check_slot_tuple(slot, tuple);
  const char* limit = reinterpret_cast<const char*>(tuple->t_data) + tuple->t_len;
  if (pass->buckets != nullptr) {
    add_tuple<true>(pass, tuple->t_data, tuple->t_len, limit);
    hash_batch<true>(&pass->batch, &pass->rows);
  } else {
    add_tuple<false>(pass, tuple->t_data, tuple->t_len, limit);
    hash_batch<false>(&pass->batch, &pass->rows);
  }
  if (should_free) heap_freetuple(tuple);
}

void scan_access_method(ContentPass* pass) {
  ReadingPlace* place = pass->scan.place();
  enter_place(place);
  TupleTableSlot* slot = table_slot_create(pass->rel, nullptr);
  TableScanDesc scan = table_beginscan(pass->rel, pass->snapshot, 0, nullptr);
  while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
    CHECK_FOR_INTERRUPTS();
    add_slot(pass, slot);
    enter_block(place, InvalidBlockNumber, nullptr);
  }
  table_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
  leave_place(place);
}

}  // namespace

ContentPass* begin_pass(Relation rel, Snapshot snapshot, PassMode mode, int sharers) {
  auto* pass = static_cast<ContentPass*>(palloc0(sizeof(ContentPass)));
  pass->rel = rel;
  pass->snapshot = snapshot;
  pass->mode = mode;
  new (&pass->scan) PageScan(rel, snapshot);
  pass->scan.share(sharers);
  if (mode == PassMode::kCount) return pass;
  init_row_hasher(&pass->rows, CurrentMemoryContext);
  pass->rows.place = pass->scan.place();
  pass->plan = relation_plan(&pass->rows.encoder.plans, rel);
  use_row_plan(&pass->rows, *pass->plan);
  pass->has_generated = pass->plan->generated.count > 0;
  init_batch(&pass->batch, &pass->rows.encoder.plans, pass->plan);
  pass->batch.digest = &pass->digest;
  pass->batch.generated = &pass->generated;
  pass->digest = pass->generated = empty_digest(&pass->rows);
  if (mode != PassMode::kBuckets) return pass;
  pass->buckets = static_cast<core::Digest*>(palloc(sizeof(core::Digest) * core::kBucketsMax));
  for (int i = 0; i < core::kBucketsMax; ++i) pass->buckets[i] = pass->digest;
  pass->batch.buckets = pass->buckets;
  return pass;
}

void read_blocks(ContentPass* pass, BlockNumber from, BlockNumber to) {
  pass->scan.range(from, to);
  if (pass->mode == PassMode::kCount)
    count_pages(pass);
  else if (pass->mode == PassMode::kBuckets)
    scan_pages<true>(pass);
  else
    scan_pages<false>(pass);
}

void read_all(ContentPass* pass) {
  if (reads_pages(pass->rel))
    read_blocks(pass, 0, InvalidBlockNumber);
  else
    scan_access_method(pass);
}

void read_slot(ContentPass* pass, TupleTableSlot* slot) {
  enter_place(pass->scan.place());
  add_slot(pass, slot);
  leave_place(pass->scan.place());
}

void end_pass(ContentPass* pass) {
  if (pass->mode != PassMode::kCount) finish_encoder(&pass->rows.encoder);
  if (pass->buckets != nullptr) pfree(pass->buckets);
  pfree(pass);
}

}  // namespace pgdr
