// Naming the rows that differ: the first ones by key, with what differs in them.
#pragma once

#include "difference_find.hpp"
#include "difference_result.hpp"

namespace pgdr {

// At least so many differing rows are put in the order of their keys before the first ones are
// named; of more, those that lie first in their tables.
inline constexpr Size kOrderedRows = 10000;

// description: the source's. baseline: as in find_differences.
void show_differences(const Side& source, Peer* target, const SideDescription& description,
                      const Baseline* baseline, const Found& found, int64 max_rows,
                      Results* results);

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
