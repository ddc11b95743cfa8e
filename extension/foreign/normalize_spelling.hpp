// One spelling of deparsed SQL, whatever major version wrote it.
//
// Versions from 13 to 18 show the same parse tree in the same words but for a few, which this
// evens out. Outside quotes:
// - every run of white space is one blank, and none stands at the ends, after "(" or before ")":
//   only some versions indent;
// - AS "?column?" is left out: 13 shows it only where names are seen (the names of a view's columns
//   have a record of their own);
// - ('x')::type is 'x'::type;
// - FETCH FIRST (3) ROWS is FETCH FIRST 3 ROWS, (x IS DOCUMENT) is x IS DOCUMENT, and
//   XMLSERIALIZE(… NO INDENT) does not say so (16, 483bdb2afec9).
// The text is one that the deparser wrote under standard_conforming_strings: quotes are '…', E'…'
// and "…"; keywords are in capitals, which no unquoted name has.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// In the current memory context.
char* one_spelling(const char* text);

}  // namespace pgdr
