// The relations and sequences of a snapshot document.
#pragma once

#include "collect/collect.hpp"

namespace pgdr {

// Both append a member ("relations", "sequences") to the JSON object open in `out`. SPI connection
// and active snapshot wanted.
void collect_relations(StringInfo out, const CollectOptions& options);
void collect_sequences(StringInfo out);

struct SequenceState {
  int64 last_value;
  bool is_called;
};

// Of the sequence with that OID, whatever its name is now. False: it is gone, or not readable on a
// standby. Errors if the current user may not read it.
bool read_sequence_state(Oid sequence, SequenceState* out);

}  // namespace pgdr
