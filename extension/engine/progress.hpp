// What pg_stat_activity shows of a reading, in "query": "pgdr: 37%, fingerprinting
// public.accounts".
//
// pg_stat_progress_* has no room for extensions' commands, and application_name is the client's;
// the query text is what every version shows and every monitoring reads. The session that asked
// keeps its statement behind the text.
#pragma once

#include "engine/content_pass.hpp"

namespace pgdr {

// At most a few times a second. done and total are weights (engine.hpp).
void report_reading(PassMode mode, Relation rel, uint64 done, uint64 total);

// At once. what: "reading sequences".
void report_step(const char* what);

// Puts the statement back.
void report_end();

}  // namespace pgdr
