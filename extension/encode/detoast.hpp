// Stored values made whole.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// What is known of the TOAST table that was asked last.
struct ToastTable {
  Oid relation;
  uint64 bytes;
};

// What detoast_attr() gives, in the current memory context: a varlena with a 4-byte header,
// uncompressed. Values compressed with pglz are unpacked by our own function (core/pglz.hpp); where
// that finds one damaged the server's is asked, which raises its error. A damaged length is an
// error before so much memory is asked for.
varlena* detoast(const char* stored, ToastTable* known);

// Bytes of payload of an out-of-line value, of which `stored` is a pointer.
Size out_of_line_length(const char* stored, ToastTable* known);

}  // namespace pgdr
