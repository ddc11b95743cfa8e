// One relation's rows on their way into counts and digests, a range of pages after the other.
//
//   ContentPass* pass = begin_pass(rel, snapshot, PassMode::kDigest, 1);
//   read_blocks(pass, 0, 100);  read_blocks(pass, 300, 400);
//   use(pass->digest);
//   end_pass(pass);
//
// What several passes over different pages found adds up to what one over all of them would find.
// Everything is allocated in the memory context that is current at begin_pass; an ERROR in between
// leaves nothing behind that the end of the transaction does not take away.
#pragma once

#include "engine/page_scan.hpp"
#include "engine/row_batch.hpp"

namespace pgdr {

enum class PassMode : uint8 {
  kCount,   // the number of rows alone: digest.rows
  kDigest,  // digest and generated
  kBuckets  // generated, and the digest divided by key: sum_buckets() is the whole
};

struct ContentPass {
  Relation rel;
  Snapshot snapshot;
  PassMode mode;
  PageScan scan;
  RowHasher rows;
  RowPlan* plan;   // nullptr where rows are only counted
  RowBatch batch;  // between two calls empty
  core::Digest digest;
  core::Digest generated;  // of stored generated columns
  core::Digest* buckets;   // kBucketsMax, or nullptr
  bool has_generated;
};

// rel: opened and locked, until end_pass. sharers: processes that divide pgdr.cost_limit.
ContentPass* begin_pass(Relation rel, Snapshot snapshot, PassMode mode, int sharers);

// Pages from..to-1; only of a relation that reads_pages() is true of.
void read_blocks(ContentPass* pass, BlockNumber from, BlockNumber to);

// All rows, by whatever way the relation is read.
void read_all(ContentPass* pass);

// One row from elsewhere, in a slot of the relation's type.
void read_slot(ContentPass* pass, TupleTableSlot* slot);

void end_pass(ContentPass* pass);

}  // namespace pgdr
