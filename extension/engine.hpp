// The engine's seam: what the collector (snapshots, verification) asks of the scanner. Everything
// here may ereport(ERROR).
#pragma once

#include "pg.hpp"

#include "core/digest.hpp"

namespace pgdr {

// What one pass over one relation gives. Memory belongs to the caller's memory context.
struct RelationContent {
  int64 rows;              // visible rows
  core::Digest digest;     // rows without stored generated columns
  bool has_generated;      // the relation has stored generated columns
  core::Digest generated;  // over those columns alone, valid if has_generated
  int bucket_bits;         // k: 2^k buckets, 0 = none asked for, or too few rows to divide
  core::Digest* buckets;   // 2^k, by the top bits of the key's hash; they add up to `digest`.
                           // nullptr: none asked for
  int key_natts;           // columns of the key the buckets go by; 0: no primary key, whole row
  AttrNumber* key_attnums;
};

struct ContentOptions {
  bool buckets;                // fill buckets (k chosen by the number of rows, at most 8)
  const char* dump_condition;  // an extension configuration table's "WHERE …", or nullptr
};

// About `snapshot`, everywhere: an MVCC snapshot that is registered or active. Pages marked
// all-visible are believed without looking at their tuples, as PostgreSQL itself does, unless
// takenDuringRecovery is set: whoever builds a snapshot of the past by hand, which nothing protects
// from pruning and freezing, must set it.

// Exact number of rows visible to snapshot. rel is a table or materialized view, opened and locked
// by the caller.
int64 count_rows(Relation rel, Snapshot snapshot);

// Counts and fingerprints. Heap tables page by page; other access methods through the table AM; a
// dump condition through SPI, which runs it as the current user. With plain inheritance only the
// relation's own rows.
void fingerprint_rows(Relation rel, Snapshot snapshot, const ContentOptions& options,
                      RelationContent* out);

// Opens and locks (AccessShareLock) a relation given by OID; ERRCODE_UNDEFINED_TABLE if there is
// none.
Relation open_for_reading(Oid oid);

// Errors (ERRCODE_INSUFFICIENT_PRIVILEGE) unless the current user may SELECT every column of the
// relation and no row security would hide rows from it.
void check_readable(Relation rel);

}  // namespace pgdr
