// Parsing again without reading literals.
//
// The parser hands each string literal to the input function of the type that its place in the
// statement gives it: of an array or composite type that runs the checks of a domain inside, of a
// range type its canonical function and comparisons, all of them code of whoever made the type. No
// shape of the text tells beforehand which literals those are: the type may come from the column of
// an INSERT, the other side of an operator, the result of a CASE.
//
// So string literals are taken out of the raw tree, NULL of the same unknown type in their place,
// and put back after analysis, when their types are known: those of PostgreSQL's own types and
// enums are read by its own input functions, all others stay as they stand in the text. That text
// was written by the type's output function, so that reading it would give the same again.
//
//   Literals literals{};
//   take_literals(raw, &literals);
//   Node* tree = put_literals(transformExpr(state, raw, ...), literals);
#pragma once

#include "base/pg.hpp"

namespace pgdr {

struct Literals {
  List* texts;  // char*, in the order in which they were taken
};

// Changes the tree. Errors where it names a type modifier that a foreign function would read.
void take_literals(Node* raw, Literals* literals);

// A copy of an analysed expression or query in which they are back.
Node* put_literals(Node* tree, const Literals& literals);

}  // namespace pgdr
