// What the processes of one reading share, and how each takes its part of it.
//
// The tasks lie in order, the largest first, each divided into pieces of as many pages; a process
// that is free takes the next piece by counting up one atomic number. What it found goes to the
// leader as parts: all that it has read of one relation, when it turns to another one. Sums do not
// care about the order, so nothing else has to be agreed on.
#pragma once

#include "engine/engine.hpp"

namespace pgdr {

struct SharedTask {
  ReadTask task;
  BlockNumber piece;   // pages in each piece but the last
  uint32 pieces;       // at least one
  uint64 first_piece;  // number of its first piece among all
};

struct Shared {
  PassMode mode;
  uint32 tasks;
  uint64 pieces;
  uint64 weight;                  // of all tasks
  pg_atomic_uint64 next_piece;    // to be taken
  pg_atomic_uint64 weight_done;   // for the progress
  pg_atomic_uint32 participants;  // processes at work, which share pgdr.cost_limit
  bool keyed;                     // parallel workers hash rows under ...
  core::DerivedKeys key;          // ... the key that the leader has in use
};

// Head of a part; its buckets follow in a message: 2^bucket_bits of them, none if bucket_bits < 0.
struct Part {
  uint32 task;    // index
  uint32 pieces;  // how many pieces of it are in this part
  Outcome outcome;
  bool has_generated;
  int16 bucket_bits;
  core::Digest digest;
  core::Digest generated;
};

struct PartSink {
  void (*add)(PartSink* self, const Part& part, const core::Digest* buckets);
  // Called after every piece; what else the process has to do. False: the process leaves the rest
  // to the others.
  bool (*between)(PartSink* self);
};

// Takes pieces until there are none.
void read_pieces(Shared* shared, const SharedTask* tasks, PartSink* sink);

}  // namespace pgdr
