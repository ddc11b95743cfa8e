// Where in a table a reader is: the context of every error on the way, ours and the server's.
//
//   ReadingPlace place{};  name_relation(&place, rel);
//   enter_place(&place);   place.block = 7;  place.page = page;  place.at = tuple;  …
//   leave_place(&place);
//
// An ERROR in between needs no care: whoever catches it brings back the stack of contexts.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

struct ReadingPlace {
  ErrorContextCallback callback;
  char* relation;       // schema and name as SQL writes them; nullptr: nothing is said
  BlockNumber block;    // InvalidBlockNumber: not known
  const char* page;     // pinned, or nullptr
  const char* at;       // in the page: something of the tuple at hand, or nullptr
  OffsetNumber offset;  // its line pointer where that is known, else InvalidOffsetNumber
};

// Empties the place. The name is allocated in the current memory context: an error's context has to
// be told where no catalog can be asked any more.
void name_relation(ReadingPlace* place, Relation rel);

// The beginning of a block: nothing of it is at hand.
inline void enter_block(ReadingPlace* place, BlockNumber block, const char* page) {
  place->block = block;
  place->page = page;
  place->at = nullptr;
  place->offset = InvalidOffsetNumber;
}

inline void enter_tuple(ReadingPlace* place, const ItemPointerData& tid) {
  place->block = ItemPointerGetBlockNumberNoCheck(&tid);
  place->page = place->at = nullptr;
  place->offset = ItemPointerGetOffsetNumberNoCheck(&tid);
}

void enter_place(ReadingPlace* place);
void leave_place(ReadingPlace* place);

}  // namespace pgdr
