#include "encode/bounds.hpp"

#include "encode/tuple.hpp"

namespace pgdr {

void corrupt_value(const char* what) {
  ereport(ERROR,
          (errcode(ERRCODE_DATA_CORRUPTED), errmsg("the stored form of %s is invalid", what)));
  pg_unreachable();
}

void corrupt_tuple() {
  ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("the header of a row is damaged"),
                  errdetail("Its number of columns, its null bitmap or where its values begin "
                            "cannot be.")));
  pg_unreachable();
}

PlainHeader plain_header(int least, int most, Size values, uint16 flags) {
  HeapTupleHeaderData mask{};
  HeapTupleHeaderData usual{};
  flags |= HEAP_HASNULL;
  mask.t_infomask2 = HEAP_NATTS_MASK;
  mask.t_infomask = flags;
  mask.t_hoff = UINT8_MAX;
  usual.t_infomask2 = static_cast<uint16>(most);
  usual.t_hoff = kPlainHeader;
  return {last_word(mask), last_word(usual), least, most, flags, kPlainHeader + values};
}

namespace detail {

// A pointer of another kind is an address in this process's memory, which no page may hold.
Size pointer_size(const char* stored, Size room) {
  constexpr Size kPointer = VARHDRSZ_EXTERNAL + sizeof(varatt_external);
  if (room < kPointer || VARTAG_1B_E(stored) != VARTAG_ONDISK) return 0;
  return kPointer;
}

void beyond_parent() {
  ereport(ERROR,
          (errcode(ERRCODE_DATA_CORRUPTED), errmsg("a stored value has an impossible length"),
           errdetail("It, or a value before it, is damaged.")));
  pg_unreachable();
}

}  // namespace detail

}  // namespace pgdr
