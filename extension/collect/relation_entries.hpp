// The relations of a snapshot document: which ones, and what has been found of each.
#pragma once

#include "collect/collect.hpp"
#include "engine/engine.hpp"

namespace pgdr {

enum class State : uint8 { kExact, kSkipped, kFailed };

struct Entry {
  Oid oid;
  Oid parent;  // of a partition, else InvalidOid
  const char* schema;
  const char* name;
  const char* key;          // JSON array of the primary key's columns, or nullptr
  const char* key_numbers;  // their attribute numbers, "1,2"; or nullptr
  const char* condition;    // of an extension's configuration table, or nullptr
  char kind;
  char persistence;
  bool populated;
  State state;
  const char* note;
  int64 rows;
  core::Digest digest;
  bool has_generated;
  core::Digest generated;
  int64 size;
  int bucket_bits;
  const char* buckets;  // base64
};

struct Entries {
  Entry* items;
  uint32 count;
};

// Those that a dump carries, as the active snapshot sees them, in the document's order. SPI
// connection wanted; everything is allocated in the current memory context.
Entries read_entries();

inline void set_state(Entry* e, State state, const char* note) {
  e->state = state;
  e->note = note;
}

// After the others are read: partitioned tables are the sums of their leaves.
void sum_partitions(const Entries& entries);

void write_entry(StringInfo out, const Entry& e, const CollectOptions& options);

}  // namespace pgdr
