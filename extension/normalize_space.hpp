// The one spelling of white space in deparsed SQL.
//
// Versions indent queries differently (13 shows the query of a normal form on one line, later ones
// over several). Outside quotes every run of white space becomes one blank, and none stands at the
// ends, after "(" or before ")". What is quoted stays as it is. The text is one that the deparser
// wrote under standard_conforming_strings: quotes are '…', E'…' and "…".
#pragma once

#include "pg.hpp"

namespace pgdr {

// In the current memory context.
char* squeeze_space(const char* text);

}  // namespace pgdr
