// The relations and sequences of a snapshot document.
#pragma once

#include "collect.hpp"

namespace pgdr {

// Both append a member ("relations", "sequences") to the JSON object open in `out`. SPI connection
// and active snapshot wanted.
void collect_relations(StringInfo out, const CollectOptions& options);
void collect_sequences(StringInfo out);

}  // namespace pgdr
