// Differing rows in the order in which they are named: by key, as a person would sort it.
#pragma once

#include "compare/difference_show.hpp"

namespace pgdr {

// One row to be named: where it lies, on which side its key is read, and its key.
struct Ordered {
  const core::RowEntry* entry;
  const core::RowDifference* difference;  // nullptr in name_rows()
  bool remote;                            // the row is read from the target
  const char** key;                       // texts of the key columns, nullptr: NULL; shortened
};

// Sorts by place, which needs no reading, and keeps the first `most`; returns how many.
Size first_by_place(Ordered* rows, Size count, Size most);

// Numbers by value, everything else byte by byte, NULL last. Without a key the order stays.
void order_by_key(Ordered* rows, Size count, const NameList& key,
                  const SideDescription& description);

// "(a, b)=(1, x)"
char* key_text(const NameList& key, const char* const* values);

}  // namespace pgdr
