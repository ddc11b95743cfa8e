// Stored values made whole.
#pragma once

#include "pg.hpp"

namespace pgdr {

// What detoast_attr() gives, in the current memory context: a varlena with a 4-byte header,
// uncompressed. Values compressed with pglz are unpacked by our own function (core/pglz.hpp); where
// that finds one damaged the server's is asked, which raises its error.
varlena* detoast(const char* stored);

}  // namespace pgdr
