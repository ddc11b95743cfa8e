// What a snapshot recorded of one relation, read through SQL (sql/55-differences.sql).
#pragma once

#include "difference_find.hpp"

namespace pgdr {

// The backup that the target was restored from, by its mark; nullptr: it has none.
Baseline* baseline_of_target(const char* target, Oid relation);

// The relation as a document has it.
Baseline* baseline_of_document(Datum document, Oid relation);

}  // namespace pgdr
