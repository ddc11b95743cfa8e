// The engine's seam: what the collector (snapshots, verification) and the SQL functions ask of the
// scanner. Everything here may ereport(ERROR).
#pragma once

#include "base/pg.hpp"

#include "engine/content_pass.hpp"

namespace pgdr {

// What a relation holds. Memory belongs to whoever gets it.
struct RelationContent {
  int64 rows;              // visible rows
  core::Digest digest;     // rows without stored generated columns
  bool has_generated;      // the relation has stored generated columns
  core::Digest generated;  // over those columns alone, valid if has_generated
  int bucket_bits;         // k: 2^k buckets, 0 = none asked for, or too few rows to divide
  core::Digest* buckets;   // 2^k, by the top bits of the hash of the primary key, or of the whole
                           // row; they add up to `digest`. nullptr: none asked for
};

// Everything is read under the active snapshot, an MVCC snapshot. Pages marked all-visible are
// believed without looking at their tuples, as PostgreSQL itself does, unless takenDuringRecovery
// is set: whoever builds a snapshot of the past by hand, which nothing protects from pruning and
// freezing, must set it.

// How the reading of a relation ended. Whatever is not kRead has no content: a count of what was
// left would be a lie.
enum class Outcome : uint8 {
  kRead,
  kLocked,  // not to be locked within pgdr.lock_timeout
  kDropped,
  kRewritten,  // since_snapshot.hpp
  kAltered,
  kUnseen
};

// For people; nullptr for kRead.
const char* outcome_note(Outcome outcome);

struct ReadTask {
  Oid relation;
  uint32 id;           // the caller's own
  BlockNumber blocks;  // as many as the relation has
  uint64 weight;       // pages to expect, those of out-of-line values included
  bool whole;          // cannot be divided: its access method is not the heap's
  bool local;          // a temporary table: only this process sees its pages
  bool held;  // the caller holds ACCESS SHARE, and has compared the relation with the snapshot
};

// The task for an open relation; id and held are left to the caller.
ReadTask read_task(Relation rel);

// True if several processes may read parts of it. The caller must hold its lock then, or another
// session could put a new file in its place between two parts.
bool is_divisible(const ReadTask& task);

// Called once for each task, in any order, in the calling process; *content is the callee's, its
// buckets are in the memory context that was current when read_relations was called.
struct ContentSink {
  void (*add)(ContentSink* self, const ReadTask& task, Outcome outcome, RelationContent* content);
};

// Reads tables and materialized views: counts, or fingerprints with or without key buckets. With
// plain inheritance only a relation's own rows. Uses up to pgdr.max_workers parallel workers as far
// as there is enough to read and the server has them; tasks are sorted, the largest first.
// Nothing may be written in the meantime (parallel mode).
void read_relations(ReadTask* tasks, uint32 count, PassMode mode, ContentSink* sink);

// Whose SQL a dump condition is. An extension's may be anybody's in a restored database, so it runs
// as the table's owner in a security-restricted operation; the caller's runs as the caller, who
// would otherwise gain the owner's rights.
enum class ConditionOf { kExtension, kCaller };

// The rows that a dump condition ("WHERE …") selects, through SPI, in this process.
// ERRCODE_INSUFFICIENT_PRIVILEGE if whoever it runs as may not read the table.
void read_by_condition(Relation rel, const char* condition, ConditionOf whose,
                       RelationContent* out);

// Opens and locks (AccessShareLock) a relation given by OID; ERRCODE_UNDEFINED_TABLE if there is
// none.
Relation open_for_reading(Oid oid);

// Errors (ERRCODE_INSUFFICIENT_PRIVILEGE) unless the current user may SELECT every column of the
// relation and no row security would hide rows from it.
void check_readable(Relation rel);

}  // namespace pgdr
