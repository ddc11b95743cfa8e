#include "engine/parallel_reading.hpp"

#include <sys/resource.h>

#include "base/digest_key.hpp"

namespace pgdr {

namespace {

// Of the segment's table of contents.
constexpr uint64 kKeyShared = 1;
constexpr uint64 kKeyTasks = 2;
constexpr uint64 kKeyQueues = 3;
constexpr uint64 kKeyBuffers = 4;
constexpr uint64 kKeyWal = 5;

// Room for nine parts with all their buckets: a worker does not wait for a leader that is in the
// middle of a piece.
constexpr Size kQueueBytes = Size{128} * 1024;

shm_mq* queue_of(char* queues, int worker) {
  return reinterpret_cast<shm_mq*>(queues + kQueueBytes * static_cast<Size>(worker));
}

Size buckets_bytes(const Part& part) {
  return part.bucket_bits < 0 ? 0 : sizeof(core::Digest) << part.bucket_bits;
}

// How long a worker takes to end, which the leader has to wait for: some steps, and for each page
// fault that it has had the time in which the kernel takes the pages that it mapped, 64 kB at a
// time, out of the page table again (4 to 9 ms after 230 MB). With huge pages there are hardly any.
constexpr double kEnd = 1500;  // microseconds
constexpr double kEndPerFault = 1.0;

// No worker leaves before so few pieces are left: small relations take longer than their pages
// tell.
constexpr uint64 kLastPieces = 64;

struct WorkerSink : PartSink {
  shm_mq_handle* queue;
  Shared* shared;
  instr_time began;
  long faults;  // before it began
};

long page_faults() {
  rusage usage{};
  (void)getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// Waits for room. A leader that does not listen any more has ended, and ends this worker, too.
void send_part(PartSink* self, const Part& part, const core::Digest* buckets) {
  shm_mq_iovec parts[2] = {{reinterpret_cast<const char*>(&part), sizeof part},
                           {reinterpret_cast<const char*>(buckets), buckets_bytes(part)}};
  shm_mq_handle* queue = static_cast<WorkerSink*>(self)->queue;
#if PG_VERSION_NUM >= 150000  // upstream 46846433a03d: force_flush
  (void)shm_mq_sendv(queue, parts, 2, false, true);
#else
  (void)shm_mq_sendv(queue, parts, 2, false);
#endif
}

// False once the leader can read the rest in the time that this process needs to end.
bool worth_staying(PartSink* self) {
  const auto* sink = static_cast<const WorkerSink*>(self);
  const uint64 weight = sink->shared->weight;
  const uint64 done = pg_atomic_read_u64(&sink->shared->weight_done);
  const uint64 taken = pg_atomic_read_u64(&sink->shared->next_piece);
  if (done == 0 || done >= weight || taken + kLastPieces < sink->shared->pieces) return true;
  instr_time elapsed;
  INSTR_TIME_SET_CURRENT(elapsed);
  INSTR_TIME_SUBTRACT(elapsed, sink->began);
  const auto processes = static_cast<double>(pg_atomic_read_u32(&sink->shared->participants));
  const double rest = INSTR_TIME_GET_MICROSEC(elapsed) * processes *
                      static_cast<double>(weight - done) / static_cast<double>(done);
  return rest > kEnd + static_cast<double>(page_faults() - sink->faults) * kEndPerFault;
}

void wipe_key(dsm_segment*, Datum shared) {
  core::wipe(&reinterpret_cast<Shared*>(DatumGetPointer(shared))->key, sizeof(core::DerivedKeys));
}

// The key goes to shared memory only, and is overwritten there when the leader lets go of it,
// however that comes about. Without a segment there are no workers.
void share_key(dsm_segment* segment, Shared* shared) {
  const DigestKey* key = digest_key_in_use();
  if (key == nullptr || segment == nullptr) return;
  on_dsm_detach(segment, wipe_key, PointerGetDatum(shared));
  shared->keyed = true;
  shared->key = key->derived;
}

}  // namespace

struct ParallelReaders {
  ParallelContext* context;
  BufferUsage* buffers;
  WalUsage* wal;
  int listening;  // workers whose queue is open
  int next;       // to be asked first
  shm_mq_handle** queues;
};

ParallelReaders* start_readers(int workers, Shared** shared, SharedTask** tasks) {
  const Size task_bytes = mul_size(sizeof(SharedTask), (*shared)->tasks);
  EnterParallelMode();
  ParallelContext* context = CreateParallelContext("pgdr", "dr_read_worker_main", workers);
  shm_toc_estimate_chunk(&context->estimator, sizeof(Shared));
  shm_toc_estimate_chunk(&context->estimator, task_bytes);
  shm_toc_estimate_chunk(&context->estimator, kQueueBytes * static_cast<Size>(workers));
  shm_toc_estimate_chunk(&context->estimator, sizeof(BufferUsage) * static_cast<Size>(workers));
  shm_toc_estimate_chunk(&context->estimator, sizeof(WalUsage) * static_cast<Size>(workers));
  shm_toc_estimate_keys(&context->estimator, 5);
  InitializeParallelDSM(context);

  auto* readers = static_cast<ParallelReaders*>(palloc0(sizeof(ParallelReaders)));
  readers->context = context;
  auto* shared_copy = static_cast<Shared*>(shm_toc_allocate(context->toc, sizeof(Shared)));
  memcpy(shared_copy, *shared, sizeof(Shared));
  share_key(context->seg, shared_copy);
  shm_toc_insert(context->toc, kKeyShared, shared_copy);
  auto* tasks_copy = static_cast<SharedTask*>(shm_toc_allocate(context->toc, task_bytes));
  memcpy(tasks_copy, *tasks, task_bytes);
  shm_toc_insert(context->toc, kKeyTasks, tasks_copy);
  auto* queues =
      static_cast<char*>(shm_toc_allocate(context->toc, kQueueBytes * static_cast<Size>(workers)));
  shm_toc_insert(context->toc, kKeyQueues, queues);
  readers->buffers = static_cast<BufferUsage*>(
      shm_toc_allocate(context->toc, sizeof(BufferUsage) * static_cast<Size>(workers)));
  shm_toc_insert(context->toc, kKeyBuffers, readers->buffers);
  readers->wal = static_cast<WalUsage*>(
      shm_toc_allocate(context->toc, sizeof(WalUsage) * static_cast<Size>(workers)));
  shm_toc_insert(context->toc, kKeyWal, readers->wal);
  for (int i = 0; i < workers; ++i)
    shm_mq_set_receiver(shm_mq_create(queue_of(queues, i), kQueueBytes), MyProc);

  LaunchParallelWorkers(context);
  const int launched = context->nworkers_launched;
  pg_atomic_write_u32(&shared_copy->participants, static_cast<uint32>(launched) + 1);
  readers->queues = static_cast<shm_mq_handle**>(
      palloc0(sizeof(shm_mq_handle*) * static_cast<Size>(launched + 1)));
  for (int i = 0; i < launched; ++i)
    readers->queues[i] =
        shm_mq_attach(queue_of(queues, i), context->seg, context->worker[i].bgwhandle);
  readers->listening = launched;
  *shared = shared_copy;
  *tasks = tasks_copy;
  return readers;
}

bool receive_part(ParallelReaders* readers, const Part** part, const core::Digest** buckets) {
  const int launched = readers->context->nworkers_launched;
  for (int tried = 0; tried < launched; ++tried) {
    const int i = readers->next;
    readers->next = (readers->next + 1) % launched;
    if (readers->queues[i] == nullptr) continue;
    Size bytes = 0;
    void* data = nullptr;
    const shm_mq_result result = shm_mq_receive(readers->queues[i], &bytes, &data, true);
    if (result == SHM_MQ_WOULD_BLOCK) continue;
    if (result == SHM_MQ_DETACHED) {
      readers->queues[i] = nullptr;
      --readers->listening;
      continue;
    }
    *part = static_cast<const Part*>(data);
    if (bytes < sizeof(Part) || bytes != sizeof(Part) + buckets_bytes(**part))
      ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
                      errmsg("malformed result of a parallel worker")));
    *buckets = reinterpret_cast<const core::Digest*>(*part + 1);
    return true;
  }
  return false;
}

bool workers_left(const ParallelReaders* readers) { return readers->listening > 0; }

void finish_readers(ParallelReaders* readers) {
  ParallelContext* context = readers->context;
  WaitForParallelWorkersToFinish(context);
  // What the workers read is this statement's, for EXPLAIN (BUFFERS) and pg_stat_statements.
  for (int i = 0; i < context->nworkers_launched; ++i)
    InstrAccumParallelQuery(&readers->buffers[i], &readers->wal[i]);
  DestroyParallelContext(context);
  ExitParallelMode();
}

}  // namespace pgdr

extern "C" {

PGDLLEXPORT void dr_read_worker_main(dsm_segment* segment, shm_toc* toc);

void dr_read_worker_main(dsm_segment* segment, shm_toc* toc) {
  auto* shared = static_cast<pgdr::Shared*>(shm_toc_lookup(toc, pgdr::kKeyShared, false));
  auto* tasks = static_cast<pgdr::SharedTask*>(shm_toc_lookup(toc, pgdr::kKeyTasks, false));
  auto* queues = static_cast<char*>(shm_toc_lookup(toc, pgdr::kKeyQueues, false));
  auto* buffers = static_cast<BufferUsage*>(shm_toc_lookup(toc, pgdr::kKeyBuffers, false));
  auto* wal = static_cast<WalUsage*>(shm_toc_lookup(toc, pgdr::kKeyWal, false));
  shm_mq* queue = pgdr::queue_of(queues, ParallelWorkerNumber);
  shm_mq_set_sender(queue, MyProc);
  pgdr::WorkerSink sink{};
  sink.add = pgdr::send_part;
  sink.between = pgdr::worth_staying;
  sink.shared = shared;
  INSTR_TIME_SET_CURRENT(sink.began);
  sink.faults = pgdr::page_faults();
  sink.queue = shm_mq_attach(queue, segment, nullptr);
  pgdr::use_digest_key(shared->keyed ? pgdr::copy_digest_key(shared->key) : nullptr);
  InstrStartParallelQuery();
  pgdr::read_pieces(shared, tasks, &sink);
  pgdr::drop_digest_key();
  InstrEndParallelQuery(&buffers[ParallelWorkerNumber], &wal[ParallelWorkerNumber]);
  shm_mq_detach(sink.queue);
}
}
