// Schema records: one per object and facet, with a text that one dump and restore does not change
// (doc/schema-records.md).
#pragma once

#include "base/collect_options.hpp"
#include "base/pg.hpp"

namespace pgdr {

// Appends the records, sorted by kind, identity and facet, to the JSON array open in `out`.
// SPI connection, active snapshot and pinned settings wanted.
void collect_schema(StringInfo out, const CollectOptions& options);

}  // namespace pgdr
