// Finding the rows that differ, in two passes over each side, of which the second looks only for
// rows in the key buckets that the first found to differ, and only where such rows lie.
#pragma once

#include "compare/difference_remote.hpp"

namespace pgdr {

// What a snapshot recorded of a relation's key buckets.
struct Baseline {
  const char* name;     // "backup 20261121T020000Z-9f3c"
  const char* problem;  // why its buckets cannot be used, or nullptr
  NameList key;         // none: the whole row
  int bits;
  core::Digest* sums;  // `bytes` are not known
  bool keyed;          // sums of keyed hashes: rows are hashed under the key in use then
};

// Rows of one side in wanted buckets. Rows that are the same are counted, so that many copies of
// one row need no more memory than one.
struct EntryList {
  core::RowEntry* items;
  Size count;
  Size room;
  Size limit;  // an error beyond, once same rows are joined
};

// What is asked: what is wrong in the target, what the source lost or changed since the backup that
// the target was restored from, or both.
enum class Question : uint8_t { kBoth, kCopy, kSource };

struct Found {
  core::RowDifference* items;
  Size count;          // of items
  uint64 rows;         // that differ
  int differing;       // buckets in which the sides differ, after `baseline`
  int examined;        // of those; fewer if there were too many rows in them for the memory
  int later;           // buckets in which the target is as in the baseline and the source is not
  int later_examined;  // of those; all rows that differ there agree with the target (Agrees::kB)
  int same;            // buckets in which the target differs from the baseline as the source does
};

// How many rows may be held at once, by maintenance_work_mem.
Size entry_limit();

void add_entry(EntryList* list, const core::RowEntry& entry);
// Sorts and joins.
void finish_entries(EntryList* list);

// Both sides have their plan, the same one. baseline: what the target should be, or nullptr; its
// key is the plan's. target_sums: the target's sums for the baseline where the plan's own are not
// comparable with it, 2^baseline->bits, or nullptr.
void find_differences(Side* source, Peer* target, const Baseline* baseline,
                      const core::Digest* target_sums, Question question, Found* out);

}  // namespace pgdr
