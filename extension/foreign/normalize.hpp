// deparse(parse(x)) until the text stays: what one dump and restore makes of a deparsed expression
// or query.
//
// `CHECK (v IN ('a','b'))` on varchar deparses differently before and after its first restore, and
// never changes again. Applying the same step on both sides makes the two texts equal
// (doc/schema-records.md). Nothing is planned or executed, and literals of foreign types are not
// read (literals.hpp); all the same it is done as the owner of the object, restricted (place.hpp).
// An owner who may not use a schema that the text names cannot look names up in it: then they are
// looked up as the current user, still restricted, which gives the same text, for no rights decide
// what a name means. Locks that parsing takes are given back. One spelling (normalize_spelling.hpp)
// then makes the text the same from every major version.
//
// The result is in the current memory context. Text that the parser refuses is compared as it is, a
// view's as its stored query is deparsed, in that spelling; a cancel or a lock that cannot be had
// is an error.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// The letters stand in the catalog queries.
enum class ExpressionKind : char {
  kNone = '\0',
  kRelation = 'x',   // over the columns of the object, a relation
  kDomain = 'd',     // over VALUE of the object, a domain
  kDefault = 'e',    // over nothing, of a domain
  kTrigger = 't',    // over OLD and NEW rows of the object, a relation
  kView = 'v',       // a whole query
  kRule = 'r',       // a whole CREATE RULE on the object, a relation
  kBody = 'b',       // the standard SQL body of the object, a function
  kArgument = 'a',   // over nothing, of a function
  kList = 'l',       // several kRelation, separated by commas, as pg_get_expr shows a list
  kArguments = 'A',  // several kArgument, likewise
};

char* normalize(const char* text, ExpressionKind kind, Oid object);

// The expressions of a list as they stand in the text (char*, in the current memory context); NIL
// where the parser refuses it.
List* split_list(const char* text);

}  // namespace pgdr
