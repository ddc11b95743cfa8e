// Counting and fingerprinting one relation (engine.hpp).
#include "core/buckets.hpp"
#include "engine.hpp"
#include "page_scan.hpp"
#include "row_hash.hpp"

namespace pgdr {

namespace {

constexpr long kFetch = 1000;  // rows per fetch from a dump condition's cursor

// What a pass accumulates, tuple by tuple.
struct Pass {
  RowHasher rows;
  RowPlan* plan;
  core::Digest digest;
  core::Digest generated;
  core::Digest* buckets;  // kBucketsMax, or nullptr
};

template <bool kBuckets>
void add_keyed_tuple(Pass* pass, HeapTupleHeader tuple, Size stored) {
  RowPlan* plan = pass->plan;
  RowHasher* rows = &pass->rows;
  uint64 length = 0;
  locate_row(rows, *plan, tuple);
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
inline void add_tuple(Pass* pass, HeapTupleHeader tuple, Size stored) {
  RowPlan* plan = pass->plan;
  RowHasher* rows = &pass->rows;
  if (unlikely(rows->key != nullptr)) {
    add_keyed_tuple<kBuckets>(pass, tuple, stored);
    return;
  }
  uint64 length = 0;
  locate_row(rows, *plan, tuple);
  const core::U128 hash = hash_located(rows, plan->columns, stored, &length);
  if constexpr (kBuckets) {
    core::U128 key = hash;
    if (plan->key.count > 0) key = hash_key(rows, plan->key, stored);
    pass->buckets[core::bucket_of(key, core::kBucketBitsMax)].add_row(hash, length);
  } else {
    pass->digest.add_row(hash, length);
  }
  if (unlikely(plan->generated.count > 0)) {
    uint64 generated_length = 0;
    const core::U128 generated = hash_located(rows, plan->generated, stored, &generated_length);
    pass->generated.add_row(generated, generated_length);
  }
  reset_row(&rows->encoder);
}

template <bool kBuckets>
void scan_pages(Pass* pass, Relation rel, Snapshot snapshot) {
  PageScan scan(rel, snapshot);
  VisibleItems visible;
  while (scan.next(&visible)) {
    for (int i = 0; i < visible.count; ++i) {
      scan.prefetch(i);
      const ItemIdData& item = visible.items[i];
      add_tuple<kBuckets>(
          pass,
          reinterpret_cast<HeapTupleHeader>(reinterpret_cast<char*>(visible.page) + item.lp_off),
          item.lp_len);
    }
  }
}

void add_any_tuple(Pass* pass, HeapTupleHeader tuple, Size stored) {
  if (pass->buckets != nullptr) {
    add_tuple<true>(pass, tuple, stored);
  } else {
    add_tuple<false>(pass, tuple, stored);
  }
}

void add_slot(Pass* pass, TupleTableSlot* slot) {
  bool should_free = false;
  HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
  add_any_tuple(pass, tuple->t_data, tuple->t_len);
  if (should_free) heap_freetuple(tuple);
}

void scan_access_method(Pass* pass, Relation rel, Snapshot snapshot) {
  TupleTableSlot* slot = table_slot_create(rel, nullptr);
  TableScanDesc scan = table_beginscan(rel, snapshot, 0, nullptr);
  while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
    CHECK_FOR_INTERRUPTS();
    add_slot(pass, slot);
  }
  table_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
}

// The rows that a dump condition selects. The condition is SQL of an extension's author; only SPI
// can run it. It yields tuple identifiers, so that the rows themselves are read and encoded like
// all others.
void scan_condition(Pass* pass, Relation rel, Snapshot snapshot, const char* condition) {
  TupleTableSlot* slot = table_slot_create(rel, nullptr);
  StringInfoData query;
  initStringInfo(&query);
  appendStringInfo(&query, "SELECT ctid FROM ONLY %s %s",
                   quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
                                              RelationGetRelationName(rel)),
                   condition);
  // pg_dump runs conditions under an empty search_path, too.
  pass->rows.encoder.pinned.pin(Names::kQuoted);
  PushActiveSnapshot(snapshot);
  if (SPI_connect() != SPI_OK_CONNECT)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not connect to SPI")));
  Portal portal = SPI_cursor_open_with_args(nullptr, query.data, 0, nullptr, nullptr, nullptr, true,
                                            CURSOR_OPT_NO_SCROLL);
  for (;;) {
    SPI_cursor_fetch(portal, true, kFetch);
    if (SPI_processed == 0) break;
    for (uint64 i = 0; i < SPI_processed; ++i) {
      bool is_null = false;
      auto* tid = reinterpret_cast<ItemPointer>(DatumGetPointer(
          SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null)));
      if (is_null || !table_tuple_fetch_row_version(rel, tid, snapshot, slot))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("a row of \"%s\" vanished while it was read",
                               RelationGetRelationName(rel))));
      add_slot(pass, slot);
      ExecClearTuple(slot);
    }
    SPI_freetuptable(SPI_tuptable);
  }
  SPI_cursor_close(portal);
  SPI_finish();
  PopActiveSnapshot();
  ExecDropSingleTupleTableSlot(slot);
}

void finish_buckets(Pass* pass, RelationContent* out) {
  pass->digest = core::sum_buckets(pass->buckets, core::kBucketBitsMax);
  out->bucket_bits = core::bucket_bits_for(pass->digest.rows);
  core::fold_buckets(pass->buckets, core::kBucketBitsMax, out->bucket_bits);
  out->buckets = pass->buckets;
}

}  // namespace

int64 count_rows(Relation rel, Snapshot snapshot) {
  int64 rows = 0;
  if (reads_pages(rel)) {
    PageScan scan(rel, snapshot);
    while (scan.next_count(&rows)) {
    }
    return rows;
  }
  TupleTableSlot* slot = table_slot_create(rel, nullptr);
  TableScanDesc scan = table_beginscan(rel, snapshot, 0, nullptr);
  while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
    CHECK_FOR_INTERRUPTS();
    ++rows;
  }
  table_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
  return rows;
}

void fingerprint_rows(Relation rel, Snapshot snapshot, const ContentOptions& options,
                      RelationContent* out) {
  *out = RelationContent{};
  auto* pass = static_cast<Pass*>(palloc0(sizeof(Pass)));
  init_row_hasher(&pass->rows, CurrentMemoryContext);
  pass->plan = relation_plan(&pass->rows.encoder.plans, rel);
  use_row_plan(&pass->rows, *pass->plan);
  pass->digest = pass->generated = empty_digest(&pass->rows);

  if (options.buckets) {
    pass->buckets = static_cast<core::Digest*>(palloc(sizeof(core::Digest) * core::kBucketsMax));
    for (int i = 0; i < core::kBucketsMax; ++i) pass->buckets[i] = empty_digest(&pass->rows);
    AttrNumber key[INDEX_MAX_KEYS];
    out->key_natts = primary_key(rel, key);
    out->key_attnums = static_cast<AttrNumber*>(
        palloc0(sizeof(AttrNumber) * static_cast<Size>(out->key_natts + 1)));
    for (int i = 0; i < out->key_natts; ++i) out->key_attnums[i] = key[i];
  }

  if (options.dump_condition != nullptr) {
    scan_condition(pass, rel, snapshot, options.dump_condition);
  } else if (!reads_pages(rel)) {
    scan_access_method(pass, rel, snapshot);
  } else if (pass->buckets != nullptr) {
    scan_pages<true>(pass, rel, snapshot);
  } else {
    scan_pages<false>(pass, rel, snapshot);
  }

  if (pass->buckets != nullptr) finish_buckets(pass, out);
  out->digest = pass->digest;
  out->rows = static_cast<int64>(pass->digest.rows);
  out->has_generated = pass->plan->generated.count > 0;
  out->generated = pass->generated;
  finish_encoder(&pass->rows.encoder);
  pfree(pass);
}

}  // namespace pgdr
