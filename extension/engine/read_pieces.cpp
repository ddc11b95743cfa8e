// One process's part in a reading (read_shared.hpp).
#include <climits>

#include "base/lock_wait.hpp"
#include "engine/progress.hpp"
#include "engine/read_shared.hpp"
#include "base/settings.hpp"
#include "engine/since_snapshot.hpp"
#include "base/throttle.hpp"

namespace pgdr {

namespace {

// A process that meets locked relations again and again waits for so many timeouts in total.
constexpr int kTimeoutsInTotal = 6;

Outcome outcome_of(Since since) {
  switch (since) {
    case Since::kSame:
      return Outcome::kRead;
    case Since::kRewritten:
      return Outcome::kRewritten;
    case Since::kAltered:
      return Outcome::kAltered;
    case Since::kUnknown:
      break;
  }
  return Outcome::kUnseen;
}

class PieceReader {
 public:
  PieceReader(Shared* shared, const SharedTask* tasks, PartSink* sink)
      : shared_(shared),
        tasks_(tasks),
        sink_(sink),
        lock_wait_ms_(settings.lock_timeout < INT_MAX / kTimeoutsInTotal
                          ? settings.lock_timeout * kTimeoutsInTotal
                          : INT_MAX) {}

  void run();

 private:
  void open();
  void close();
  bool lock(const ReadTask& task);
  void unlock();
  void send(core::Digest* buckets);

  Shared* shared_;
  const SharedTask* tasks_;
  PartSink* sink_;
  int lock_wait_ms_;
  uint32 at_ = 0;  // the task at hand
  bool opened_ = false;
  Relation rel_ = nullptr;
  ContentPass* pass_ = nullptr;
  Part part_{};
};

bool PieceReader::lock(const ReadTask& task) {
  // Where the leader holds the lock, a member of its lock group gets it at once, even if others
  // are waiting for a stronger one; a conditional request would fail then.
  if (task.held || settings.lock_timeout == 0) {
    LockRelationOid(task.relation, AccessShareLock);
    return true;
  }
  return lock_without_queueing(task.relation, &lock_wait_ms_);
}

void PieceReader::unlock() { UnlockRelationOid(tasks_[at_].task.relation, AccessShareLock); }

void PieceReader::open() {
  const ReadTask& task = tasks_[at_].task;
  opened_ = true;
  part_ = Part{};
  part_.task = at_;
  part_.bucket_bits = -1;
  if (!lock(task)) {
    part_.outcome = Outcome::kLocked;
    return;
  }
  rel_ = try_relation_open(task.relation, NoLock);
  if (rel_ == nullptr) {
    part_.outcome = Outcome::kDropped;
    unlock();
    return;
  }
  if (!task.held) part_.outcome = outcome_of(since_snapshot(rel_, GetActiveSnapshot()));
  if (part_.outcome != Outcome::kRead) {
    relation_close(rel_, NoLock);
    rel_ = nullptr;
    unlock();
    return;
  }
  pass_ = begin_pass(rel_, GetActiveSnapshot(), shared_->mode,
                     static_cast<int>(pg_atomic_read_u32(&shared_->participants)));
}

// Buckets are divided finely while more parts of the relation are to come.
void PieceReader::send(core::Digest* buckets) {
  if (buckets != nullptr && part_.pieces == tasks_[at_].pieces) {
    part_.bucket_bits = static_cast<int16>(
        core::bucket_bits_for(core::sum_buckets(buckets, core::kBucketBitsMax).rows));
    core::fold_buckets(buckets, core::kBucketBitsMax, part_.bucket_bits);
  } else if (buckets != nullptr) {
    part_.bucket_bits = core::kBucketBitsMax;
  }
  sink_->add(sink_, part_, buckets);
}

void PieceReader::close() {
  if (!opened_) return;
  opened_ = false;
  if (pass_ == nullptr) {
    send(nullptr);
    return;
  }
  part_.digest = pass_->digest;
  part_.generated = pass_->generated;
  part_.has_generated = pass_->has_generated;
  send(pass_->buckets);
  end_pass(pass_);
  pass_ = nullptr;
  relation_close(rel_, NoLock);
  rel_ = nullptr;
  unlock();
}

void PieceReader::run() {
  MemoryContext scratch =
      AllocSetContextCreate(CurrentMemoryContext, "pgdr relation", ALLOCSET_DEFAULT_SIZES);
  MemoryContext outer = MemoryContextSwitchTo(scratch);
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    const uint64 piece = pg_atomic_fetch_add_u64(&shared_->next_piece, 1);
    if (piece >= shared_->pieces) break;
    if (piece >= tasks_[at_].first_piece + tasks_[at_].pieces) {
      close();
      MemoryContextReset(scratch);
      while (piece >= tasks_[at_].first_piece + tasks_[at_].pieces) ++at_;
    }
    const SharedTask& task = tasks_[at_];
    if (!opened_) open();
    ++part_.pieces;
    if (pass_ != nullptr) {
      report_reading(shared_->mode, rel_, pg_atomic_read_u64(&shared_->weight_done),
                     shared_->weight);
      if (task.task.whole) {
        read_all(pass_);
      } else {
        const auto from = static_cast<BlockNumber>((piece - task.first_piece) * task.piece);
        const uint64 end = uint64{from} + task.piece;
        read_blocks(pass_, from,
                    end < task.task.blocks ? static_cast<BlockNumber>(end) : task.task.blocks);
      }
    }
    (void)pg_atomic_fetch_add_u64(&shared_->weight_done,
                                  static_cast<int64>(task.task.weight / task.pieces));
    if (!sink_->between(sink_)) break;
  }
  close();
  MemoryContextSwitchTo(outer);
  MemoryContextDelete(scratch);
}

}  // namespace

void read_pieces(Shared* shared, const SharedTask* tasks, PartSink* sink) {
  start_account();
  PieceReader(shared, tasks, sink).run();
}

const char* outcome_note(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRead:
      return nullptr;
    case Outcome::kLocked:
      return "could not obtain a lock on the relation";
    case Outcome::kDropped:
      return "dropped meanwhile";
    case Outcome::kRewritten:
      return since_note(Since::kRewritten);
    case Outcome::kAltered:
      return since_note(Since::kAltered);
    case Outcome::kUnseen:
      break;
  }
  return since_note(Since::kUnknown);
}

}  // namespace pgdr
