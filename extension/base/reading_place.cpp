#include "base/reading_place.hpp"

namespace pgdr {

namespace {

OffsetNumber offset_at(const char* page, const char* at) {
  const auto header = reinterpret_cast<Page>(const_cast<char*>(page));
  if (at < page || at >= page + BLCKSZ) return InvalidOffsetNumber;
  const auto place = static_cast<int>(at - page);
  OffsetNumber last = PageGetMaxOffsetNumber(header);
  if (last > MaxHeapTuplesPerPage) last = MaxHeapTuplesPerPage;
  for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
    const ItemIdData* item = PageGetItemId(header, offset);
    if (ItemIdIsNormal(item) && place >= static_cast<int>(item->lp_off) &&
        place < static_cast<int>(item->lp_off) + static_cast<int>(item->lp_len))
      return offset;
  }
  return InvalidOffsetNumber;
}

void tell(void* argument) {
  const auto* place = static_cast<const ReadingPlace*>(argument);
  OffsetNumber offset = place->offset;
  if (offset == InvalidOffsetNumber && place->page != nullptr && place->at != nullptr)
    offset = offset_at(place->page, place->at);
  if (place->block == InvalidBlockNumber)
    errcontext("reading table %s", place->relation);
  else if (offset == InvalidOffsetNumber)
    errcontext("reading block %u of table %s", place->block, place->relation);
  else
    errcontext("reading line pointer %u of block %u of table %s", offset, place->block,
               place->relation);
}

}  // namespace

void name_relation(ReadingPlace* place, Relation rel) {
  *place = ReadingPlace{};
  const char* schema = get_namespace_name(RelationGetNamespace(rel));
  place->relation = quote_qualified_identifier(schema, RelationGetRelationName(rel));
  enter_block(place, InvalidBlockNumber, nullptr);
}

void enter_place(ReadingPlace* place) {
  place->callback.previous = error_context_stack;
  place->callback.callback = tell;
  place->callback.arg = place;
  error_context_stack = &place->callback;
}

void leave_place(ReadingPlace* place) { error_context_stack = place->callback.previous; }

}  // namespace pgdr
