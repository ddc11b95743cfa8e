// Naming the rows that differ: the first ones by key, with what differs in them.
#pragma once

#include "compare/difference_find.hpp"
#include "compare/difference_result.hpp"

namespace pgdr {

// At least so many differing rows are put in the order of their keys before the first ones are
// named; of more, those that lie first in their tables.
inline constexpr Size kOrderedRows = 10000;

// Rows, of each kind.
struct Since {
  uint64 gone;     // that the target has and the source has no more
  uint64 changed;  // that the source has changed
  uint64 added;    // that only the source has: counted, never named
};

// Whether a difference is what the source did since the backup, and not damage of the target. Where
// nobody knows, it is what was asked for.
bool is_since(const core::RowDifference& d, Question question);
Since count_since(const Found& found, Question question);

// Names the first max_rows of those that are since (gone, changed since) or of the others (missing,
// extra, changed). description: the source's. baseline: as in find_differences.
void show_differences(const Side& source, Peer* target, const SideDescription& description,
                      const Baseline* baseline, const Found& found, Question question, bool since,
                      int64 max_rows, Results* results);

// Rows of one side only, in the order of their keys: the first max_rows of them, as they are named
// to the user. Returns how many.
struct NamedRow {
  const core::RowEntry* entry;
  const char* key;   // "(id)=(42)", nullptr: no key
  const char* text;  // the row, shortened
};
int64 name_rows(const Side& side, const SideDescription& description, const core::RowEntry* entries,
                Size count, int64 max_rows, NamedRow* out);

}  // namespace pgdr
