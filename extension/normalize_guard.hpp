// What must not be parsed, because parsing would run functions of the database that is looked at.
//
// The parser evaluates a literal by its type's input function. Those of arrays, composites and
// ranges call the one of a domain inside, which runs the domain's CHECK constraints: any SQL of the
// owner of the database, as the current user.
#pragma once

#include "pg.hpp"

namespace pgdr {

// Errors if a raw parse tree holds a literal of such a type.
void refuse_checked_literals(Node* raw);

}  // namespace pgdr
