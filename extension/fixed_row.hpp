// Rows all of whose columns have a fixed length, the fast way.
//
// Where no column varies in length, every row without NULLs has the same canonical length, and each
// value the same place in the tuple and in the canonical bytes. The bytes that never change (number
// of columns, lengths) are laid out once, in several images; a row only moves its values into the
// gaps of one. The result is what collect_row() writes, byte by byte.
#pragma once

#include "pg.hpp"

#include "core/bytes.hpp"
#include "core/canonical.hpp"
#include "plan.hpp"

namespace pgdr {

// Of one value, or a part of one: from its offset in the tuple's data to that in the image.
struct Move {
  uint32 from;
  uint32 to;
};

struct Moves {
  int count;
  Move* items;
};

// Rows that are laid out before they are hashed (row_batch.hpp): at most so many, and no more once
// they have so many bytes. Less than the first-level cache, where the page has to be, too.
inline constexpr int kBatchRows = 64;
inline constexpr Size kBatchBytes = 8192;

struct FixedRow {
  int natts;     // attributes that a tuple must have stored
  Size size;     // canonical bytes of a row
  Size stride;   // from one image to the next
  int capacity;  // number of images
  uint8* images;
  Moves eight;  // by width: loops of one kind of move do not guess what comes next
  Moves four;
  Moves two;
  Moves one;
  Moves doubles;  // NaNs are made one after the move
  Moves floats;
};

// The fast way for some columns of a relation, or nullptr where a column varies in length or has
// another encoding than its bytes.
FixedRow* fixed_row(PlanCache* cache, const RowPlan& plan, const Projection& columns);

// False if this row has NULLs or is older than a column: not for the fast way.
inline bool fits(const FixedRow& fixed, HeapTupleHeader tuple) {
  return (tuple->t_infomask & HEAP_HASNULL) == 0 &&
         static_cast<int>(HeapTupleHeaderGetNatts(tuple)) >= fixed.natts;
}

// Canonical bytes of the row into one of the images.
inline void move_row(const FixedRow& fixed, HeapTupleHeader tuple, uint8* to) {
  const char* from = reinterpret_cast<const char*>(tuple) + tuple->t_hoff;
  const auto each = [](const Moves& moves, auto&& move) {
    const Move* const end = moves.items + moves.count;
    for (const Move* m = moves.items; m != end; ++m) move(*m);
  };
  each(fixed.eight, [from, to](const Move& m) {
    core::store_u64(to + m.to, core::load_native<uint64>(from + m.from));
  });
  each(fixed.four, [from, to](const Move& m) {
    core::store_u32(to + m.to, core::load_native<uint32>(from + m.from));
  });
  each(fixed.two, [from, to](const Move& m) {
    core::store_u16(to + m.to, core::load_native<uint16>(from + m.from));
  });
  each(fixed.one, [from, to](const Move& m) {
    core::store_u8(to + m.to, core::load_native<uint8>(from + m.from));
  });
  each(fixed.doubles, [from, to](const Move& m) {
    core::put_float8(to + m.to, core::load_native<double>(from + m.from));
  });
  each(fixed.floats, [from, to](const Move& m) {
    core::put_float4(to + m.to, core::load_native<float>(from + m.from));
  });
}

}  // namespace pgdr
