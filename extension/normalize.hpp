// deparse(parse(x)) until the text stays: what one dump and restore makes of a deparsed expression
// or query.
//
// `CHECK (v IN ('a','b'))` on varchar deparses differently before and after its first restore, and
// never changes again. Applying the same step on both sides makes the two texts equal
// (doc/schema-records.md). Parsing runs no user-defined function but the input functions of the
// types of literals; nothing is planned or executed. Locks that parsing takes are given back. One
// spelling (normalize_spelling.hpp) then makes the text the same from every major version.
//
// The result is in the current memory context. Text that the parser refuses is compared as it is, a
// view's as its stored query is deparsed, in that spelling; a cancel or a lock that cannot be had
// is an error.
#pragma once

#include "pg.hpp"

namespace pgdr {

// The letters stand in the catalog queries.
enum class ExpressionKind : char {
  kNone = '\0',
  kRelation = 'x',  // over the columns of the owner, a relation or none (InvalidOid)
  kDomain = 'd',    // over VALUE of the owner, a domain
  kTrigger = 't',   // over OLD and NEW rows of the owner, a relation
  kView = 'v',      // a whole query
  kRule = 'r',      // a whole CREATE RULE on the owner, a relation
  kBody = 'b',      // the standard SQL body of the owner, a function
  kList = 'l',      // several kRelation, separated by commas, as pg_get_expr shows a list
};

char* normalize(const char* text, ExpressionKind kind, Oid owner);

// The expressions of a list as they stand in the text (char*, in the current memory context); NIL
// where the parser refuses it.
List* split_list(const char* text);

}  // namespace pgdr
