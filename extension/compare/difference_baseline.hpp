// What a snapshot recorded of one relation, read through SQL (sql/55-differences.sql).
#pragma once

#include "compare/difference_find.hpp"

namespace pgdr {

// key: what was passed as the fingerprint key, a bytea, or nullptr. With it the snapshot is checked
// and its keyed buckets can be used; errors for a snapshot that was altered, or has another key.

// The backup that the target was restored from, by its mark; nullptr: it has none.
Baseline* baseline_of_target(const char* target, Oid relation, const Datum* key);

// The relation as a document has it.
Baseline* baseline_of_document(Datum document, Oid relation, const Datum* key);

}  // namespace pgdr
