// deparse(parse(x)) until the text stays: what one dump and restore makes of a deparsed expression or view.
//
// `CHECK (v IN ('a','b'))` on varchar deparses differently before and after its first restore, and never changes again.
// Applying the same step on both sides makes the two texts equal (FINGERPRINT of schema, doc/schema-records.md).
// Parsing runs no user-defined function but the input functions of types of literals; nothing is planned or executed.
// Locks that parsing takes are given back. The result is in the current memory context. Text that the parser refuses is
// returned as it is: it is then compared literally.
#pragma once

#include "pg.hpp"

namespace pgdr {

enum class ExpressionKind : char {
  kNone = '\0',
  kRelation = 'x',  // over the columns of a relation, or of none (InvalidOid)
  kDomain = 'd',    // over VALUE of a domain
  kTrigger = 't',   // over OLD and NEW rows of a relation
  kView = 'v',      // a whole query
};

char* normalize(const char* text, ExpressionKind kind, Oid owner);

}  // namespace pgdr
