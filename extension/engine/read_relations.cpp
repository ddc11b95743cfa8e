// The leader's side of a reading (engine.hpp).
//
// Workers come from PostgreSQL's parallel-query machinery (access/parallel.h) rather than from
// dynamic background workers of our own with an exported snapshot. It hands over everything that
// decides what a process sees: the active snapshot, with the caller's own uncommitted rows
// (transaction ids and combo command ids) and enum values, the current user and its security
// context, settings, loaded libraries. Its workers are members of the leader's lock group, so they
// never wait for whom the leader is not waiting for; their errors are raised in the leader, and
// they end with its transaction, however that ends. Such workers count against
// max_parallel_workers. What it costs is parallel mode: nothing can be written meanwhile.
#include "engine/parallel_reading.hpp"

namespace pgdr {

namespace {

// A relation's fixed cost, in pages: locking it and planning its columns.
constexpr uint64 kOpeningWeight = 4;

// Pieces are so small that processes end at the same time, and so large that the kernel's
// read-ahead works: 8 MB at most.
constexpr uint64 kPieceWeightMax = 1024;
constexpr uint64 kPieceWeightMin = 64;
constexpr uint64 kPiecesPerProcess = 32;
constexpr uint64 kDivisibleWeight = 256;

uint64 divisible_weight() {
  const auto least = static_cast<uint64>(min_parallel_table_scan_size);
  return least < kDivisibleWeight ? least : kDivisibleWeight;
}

// True if an output function of some type must not run in a worker, or not while others run. Types
// that PostgreSQL brings are fine; those of users are unsafe unless they say otherwise.
bool has_unsafe_output() {
  bool found = false;
  Relation catalog = table_open(TypeRelationId, AccessShareLock);
  SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, nullptr, 0, nullptr);
  for (HeapTuple tuple = systable_getnext(scan); HeapTupleIsValid(tuple) && !found;
       tuple = systable_getnext(scan)) {
    const Oid output = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typoutput;
    found = output >= FirstNormalObjectId && func_parallel(output) != PROPARALLEL_SAFE;
  }
  systable_endscan(scan);
  table_close(catalog, AccessShareLock);
  return found;
}

// How many workers to ask for.
int wanted_workers(const ReadTask* tasks, uint32 count) {
  uint64 weight = 0;
  uint64 parts = 0;
  for (uint32 i = 0; i < count; ++i) {
    if (tasks[i].local) return 0;
    weight += tasks[i].weight + kOpeningWeight;
    parts += is_divisible(tasks[i]) ? tasks[i].blocks : 1;
  }
  auto wanted = static_cast<uint64>(settings.max_workers);
  const auto share = static_cast<uint64>(min_parallel_table_scan_size);
  if (share > 0 && wanted > weight / share) wanted = weight / share;
  if (wanted >= parts) wanted = parts > 0 ? parts - 1 : 0;
  // Predicate locks are left to this process; and there may be parallel work already.
  if (wanted == 0 || IsInParallelMode() || IsolationIsSerializable() || !IsUnderPostmaster)
    return 0;
  return has_unsafe_output() ? 0 : static_cast<int>(wanted);
}

int by_weight(const void* a, const void* b) {
  const auto* x = static_cast<const ReadTask*>(a);
  const auto* y = static_cast<const ReadTask*>(b);
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  return x->id < y->id ? -1 : x->id > y->id ? 1 : 0;
}

void divide(const ReadTask& task, uint64 processes, SharedTask* out) {
  out->task = task;
  out->piece = task.blocks;
  out->pieces = 1;
  if (!is_divisible(task)) return;
  uint64 weight = task.weight / (processes * kPiecesPerProcess);
  if (weight > kPieceWeightMax) weight = kPieceWeightMax;
  const uint64 least = divisible_weight() < kPieceWeightMin ? 1 : kPieceWeightMin;
  if (weight < least) weight = least;
  const uint64 pages = weight * task.blocks / task.weight;
  out->piece = pages > 0 ? static_cast<BlockNumber>(pages) : 1;
  out->pieces = (task.blocks + out->piece - 1) / out->piece;
}

// Puts parts together. The relation is done when all its pieces have been reported.
struct Merge : PartSink {
  Shared* shared;
  const SharedTask* tasks;
  ContentSink* sink;
  MemoryContext keep;
  ParallelReaders* readers;
  uint32 left;
  struct Sum {
    uint32 pieces;
    Outcome outcome;
    RelationContent content;
  } * sums;
};

void merge_part(Merge* merge, const Part& part, const core::Digest* buckets) {
  Merge::Sum* sum = &merge->sums[part.task];
  const SharedTask& task = merge->tasks[part.task];
  RelationContent* content = &sum->content;
  MemoryContext outer = MemoryContextSwitchTo(merge->keep);
  sum->pieces += part.pieces;
  if (part.outcome != Outcome::kRead) sum->outcome = part.outcome;
  content->digest.add(part.digest);
  content->generated.add(part.generated);
  content->has_generated |= part.has_generated;
  if (part.bucket_bits >= 0) {
    const Size count = Size{1} << part.bucket_bits;
    if (content->buckets == nullptr)
      content->buckets = static_cast<core::Digest*>(palloc0(sizeof(core::Digest) * count));
    for (Size i = 0; i < count; ++i) content->buckets[i].add(buckets[i]);
    content->bucket_bits = part.bucket_bits;
  }
  if (sum->pieces == task.pieces) {
    if (sum->outcome != Outcome::kRead) {
      *content = RelationContent{};
    } else if (content->buckets != nullptr) {
      content->digest = core::sum_buckets(content->buckets, content->bucket_bits);
      const int bits = core::bucket_bits_for(content->digest.rows);
      core::fold_buckets(content->buckets, content->bucket_bits, bits);
      content->bucket_bits = bits;
    }
    content->rows = static_cast<int64>(content->digest.rows);
    merge->sink->add(merge->sink, task.task, sum->outcome, content);
    --merge->left;
  }
  MemoryContextSwitchTo(outer);
}

void add_own_part(PartSink* self, const Part& part, const core::Digest* buckets) {
  merge_part(static_cast<Merge*>(self), part, buckets);
}

// Takes in what workers have sent, without waiting; true if there was anything.
bool merge_arrived(Merge* merge) {
  bool any = false;
  const Part* part = nullptr;
  const core::Digest* buckets = nullptr;
  while (receive_part(merge->readers, &part, &buckets)) {
    merge_part(merge, *part, buckets);
    any = true;
  }
  return any;
}

bool serve_workers(PartSink* self) {
  auto* merge = static_cast<Merge*>(self);
  if (merge->readers != nullptr) (void)merge_arrived(merge);
  return true;
}

void wait_for_workers(Merge* merge) {
  while (merge->left > 0 && workers_left(merge->readers)) {
    if (merge_arrived(merge)) continue;
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
}

void fill_shared(Shared* shared, SharedTask* out, const ReadTask* tasks, uint32 count,
                 PassMode mode, int workers) {
  *shared = Shared{};
  shared->mode = mode;
  shared->tasks = count;
  for (uint32 i = 0; i < count; ++i) {
    divide(tasks[i], static_cast<uint64>(workers) + 1, &out[i]);
    out[i].first_piece = shared->pieces;
    shared->pieces += out[i].pieces;
    shared->weight += tasks[i].weight;
  }
  pg_atomic_init_u64(&shared->next_piece, 0);
  pg_atomic_init_u64(&shared->weight_done, 0);
  pg_atomic_init_u32(&shared->participants, 1);
}

}  // namespace

bool is_divisible(const ReadTask& task) {
  return !task.whole && task.blocks > 1 && task.weight > divisible_weight();
}

ReadTask read_task(Relation rel) {
  ReadTask task{};
  task.relation = RelationGetRelid(rel);
  task.whole = !reads_pages(rel);
  task.local = RelationUsesLocalBuffers(rel);
  task.blocks = RelationGetNumberOfBlocks(rel);
  task.weight = task.blocks;
  if (OidIsValid(rel->rd_rel->reltoastrelid)) {
    Relation toast = table_open(rel->rd_rel->reltoastrelid, AccessShareLock);
    task.weight += RelationGetNumberOfBlocks(toast);
    table_close(toast, AccessShareLock);
  }
  return task;
}

void read_relations(ReadTask* tasks, uint32 count, PassMode mode, ContentSink* sink) {
  if (count == 0) return;
  qsort(tasks, count, sizeof(ReadTask), by_weight);
  MemoryContext keep = CurrentMemoryContext;
  MemoryContext working =
      AllocSetContextCreate(CurrentMemoryContext, "pgdr reading", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(working);

  const int workers = wanted_workers(tasks, count);
  const Size task_bytes = sizeof(SharedTask) * count;
  Merge merge{};
  merge.add = add_own_part;
  merge.between = serve_workers;
  merge.sink = sink;
  merge.keep = keep;
  merge.left = count;
  merge.sums = static_cast<Merge::Sum*>(MemoryContextAllocExtended(
      working, sizeof(Merge::Sum) * count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
  auto* shared = static_cast<Shared*>(palloc(sizeof(Shared)));
  auto* shared_tasks = static_cast<SharedTask*>(MemoryContextAllocHuge(working, task_bytes));
  fill_shared(shared, shared_tasks, tasks, count, mode, workers);
  if (workers > 0) {
    merge.readers = start_readers(workers, &shared, &shared_tasks);
  }
  merge.shared = shared;
  merge.tasks = shared_tasks;
  read_pieces(shared, shared_tasks, &merge);
  if (merge.readers != nullptr) {
    wait_for_workers(&merge);
    finish_readers(merge.readers);
  }
  if (merge.left > 0)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                    errmsg("%u relations were not read to their end", merge.left)));
  MemoryContextSwitchTo(keep);
  MemoryContextDelete(working);
}

}  // namespace pgdr
