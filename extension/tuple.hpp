// Finding the stored values of a tuple in place, without deforming it.
#pragma once

#include <cstring>

#include "encode.hpp"

namespace pgdr {

inline uint32 stored_size(const char* stored, int16 length) {
  if (length > 0) return static_cast<uint32>(length);
  if (length == -1) return static_cast<uint32>(VARSIZE_ANY(stored));
  return static_cast<uint32>(std::strlen(stored)) + 1;
}

// The next attribute's place, given the end of the one before. A zero byte there is padding;
// otherwise a varlena begins at once with its short header.
inline uint32 align_stored(const char* base, uint32 offset, const Attribute& att) {
  if (att.length == -1 && base[offset] != 0) return offset;
  return (offset + att.align - 1U) & ~(att.align - 1U);
}

inline void locate_with_nulls(const RowPlan& plan, HeapTupleHeader tuple, int natts,
                              const char** where) {
  const char* base = reinterpret_cast<const char*>(tuple) + tuple->t_hoff;
  uint32 offset = 0;
  for (int i = 0; i < natts; ++i) {
    if (att_isnull(i, tuple->t_bits)) {
      where[i] = nullptr;
      continue;
    }
    const Attribute& att = plan.attributes[i];
    offset = align_stored(base, offset, att);
    where[i] = base + offset;
    offset += stored_size(where[i], att.length);
  }
}

// Fills where[0..plan.natts): pointers to the stored values, nullptr for NULL, the missing value
// for columns that are younger than the tuple.
inline void locate(const RowPlan& plan, HeapTupleHeader tuple, const char** where) {
  int natts = HeapTupleHeaderGetNatts(tuple);
  if (natts > plan.natts) natts = plan.natts;
  if ((tuple->t_infomask & HEAP_HASNULL) != 0) {
    locate_with_nulls(plan, tuple, natts, where);
  } else {
    const char* base = reinterpret_cast<const char*>(tuple) + tuple->t_hoff;
    int i = 0;
    const int fixed = natts < plan.fixed_count ? natts : plan.fixed_count;
    for (; i < fixed; ++i) where[i] = base + plan.fixed_offsets[i];
    if (i < natts) {
      const char* last = where[i - 1];
      uint32 offset =
          static_cast<uint32>(last - base) + stored_size(last, plan.attributes[i - 1].length);
      for (; i < natts; ++i) {
        const Attribute& att = plan.attributes[i];
        offset = align_stored(base, offset, att);
        where[i] = base + offset;
        offset += stored_size(where[i], att.length);
      }
    }
  }
  for (int i = natts; i < plan.natts; ++i) where[i] = plan.attributes[i].missing;
}

}  // namespace pgdr
