// Values of foreign types as text.
#pragma once

#include "foreign/place.hpp"
#include "base/pg.hpp"

namespace pgdr {

// What the output function gives, as the owner of what holds the value (InvalidOid: the current
// user, who chose the value in a query of his own), in the current memory context.
char* foreign_output(FmgrInfo* output, Datum value, Oid owner, ForeignBudget* budget);

}  // namespace pgdr
