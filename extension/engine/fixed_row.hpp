// Rows all of whose columns have a fixed length, the fast way.
//
// Where no column varies in length, every row without NULLs has the same canonical length, and each
// value the same place in the tuple and in the canonical bytes. The bytes that never change (number
// of columns, lengths) are laid out once, in several images; a row only moves its values into the
// gaps of one. The result is what collect_row() writes, byte by byte.
#pragma once

#include "base/pg.hpp"

#include "core/bytes.hpp"
#include "core/canonical.hpp"
#include "encode/plan.hpp"
#include "encode/tuple.hpp"

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
  PlainHeader header;
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

// False if this row has NULLs, is older than a column or damaged: not for the fast way.
inline bool fits(const FixedRow& fixed, HeapTupleHeader tuple, Size stored) {
  return has_plain_header(fixed.header, tuple, stored);
}

// Canonical bytes of kRows rows into as many images, from `to` on. Several at once, because finding
// a move takes as long as making it. data: the tuples' data.
template <int kRows>
inline void move_rows(const FixedRow& fixed, const char* const* data, uint8* to) {
  const char* from[kRows];
  uint8* image[kRows];
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i) {
    from[i] = data[i];
    image[i] = to + fixed.stride * static_cast<Size>(i);
  }
  const auto each = [&](const Moves& moves, auto&& move) {
    const Move* const end = moves.items + moves.count;
    for (const Move* m = moves.items; m != end; ++m) {
      const Move at = *m;
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i) move(from[i] + at.from, image[i] + at.to);
    }
  };
  using core::load_native;
  each(fixed.eight, [](const char* v, uint8* at) { core::store_u64(at, load_native<uint64>(v)); });
  each(fixed.four, [](const char* v, uint8* at) { core::store_u32(at, load_native<uint32>(v)); });
  each(fixed.two, [](const char* v, uint8* at) { core::store_u16(at, load_native<uint16>(v)); });
  each(fixed.one, [](const char* v, uint8* at) { core::store_u8(at, load_native<uint8>(v)); });
  each(fixed.doubles,
       [](const char* v, uint8* at) { core::put_float8(at, load_native<double>(v)); });
  each(fixed.floats, [](const char* v, uint8* at) { core::put_float4(at, load_native<float>(v)); });
}

// Of `count` rows, at most fixed.capacity, into the first images.
inline void move_rows(const FixedRow& fixed, const char* const* data, int count) {
  constexpr int kGroup = 4;
  uint8* to = fixed.images;
  int i = 0;
  for (; i + kGroup <= count; i += kGroup, to += fixed.stride * kGroup)
    move_rows<kGroup>(fixed, data + i, to);
  for (; i < count; ++i, to += fixed.stride) move_rows<1>(fixed, data + i, to);
}

// Where a tuple's values begin, which moves count from.
inline const char* data_of(HeapTupleHeader tuple) {
  return reinterpret_cast<const char*>(tuple) + tuple->t_hoff;
}

}  // namespace pgdr
