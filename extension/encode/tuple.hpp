// Finding the stored values of a tuple in place, without deforming it.
#pragma once

#include <cstring>

#include "encode/bounds.hpp"
#include "encode/plan.hpp"

namespace pgdr {

// Where the values of a tuple without NULLs begin.
inline constexpr Size kPlainHeader = MAXALIGN(SizeofHeapTupleHeader);

// Raises the error for a tuple whose header contradicts itself or the table.
[[noreturn]] void corrupt_tuple();

// Checks the header, so that the null bitmap and the beginning of the values lie in the tuple.
// stored: bytes of the tuple, at least those of a header. Returns the bytes of its values.
inline Size check_header(HeapTupleHeader tuple, Size stored) {
  Size begin = kPlainHeader;
  if ((tuple->t_infomask & HEAP_HASNULL) != 0)
    begin = MAXALIGN(SizeofHeapTupleHeader + BITMAPLEN(HeapTupleHeaderGetNatts(tuple)));
  if (unlikely(tuple->t_hoff != begin || begin > stored)) corrupt_tuple();
  return stored - begin;
}

// What the header of a row must say that is to be read the fast way.
struct PlainHeader {
  uint64 mask;   // bits of its last bytes but for the null bitmap: t_infomask2, t_infomask, t_hoff
  uint64 usual;  // and what they are in a row that has all attributes
  int least;     // attributes that a tuple must have stored ...
  int most;      // ... and those that it may have
  uint16 flags;  // of t_infomask, none of which may be set
  Size stored;   // bytes of the tuple at least
};

// values: bytes that the values take at least. flags: beside HEAP_HASNULL.
PlainHeader plain_header(int least, int most, Size values, uint16 flags);

inline uint64 last_word(const HeapTupleHeaderData& header) {
  uint64 word = 0;
  std::memcpy(&word, reinterpret_cast<const char*>(&header) + SizeofHeapTupleHeader - sizeof word,
              sizeof word);
  return word;
}

// True of a tuple without NULLs whose header is right. Of every row it is asked, so most get by
// with a single look.
inline bool has_plain_header(const PlainHeader& plain, HeapTupleHeader tuple, Size stored) {
  if (unlikely((last_word(*tuple) & plain.mask) != plain.usual)) {
    const auto natts = static_cast<int>(HeapTupleHeaderGetNatts(tuple));
    if ((tuple->t_infomask & plain.flags) != 0 || tuple->t_hoff != kPlainHeader ||
        natts < plain.least || natts > plain.most)
      return false;
  }
  return stored >= plain.stored;
}

inline void locate_with_nulls(const RowPlan& plan, HeapTupleHeader tuple, int natts, Size end,
                              const char** where) {
  const char* base = reinterpret_cast<const char*>(tuple) + tuple->t_hoff;
  Size offset = 0;
  for (int i = 0; i < natts; ++i) {
    if (att_isnull(i, tuple->t_bits)) {
      where[i] = nullptr;
      continue;
    }
    const Attribute& att = plan.attributes[i];
    offset = aligned_place(base, offset, end, att.length, att.align);
    where[i] = base + offset;
    offset += bounded_size(where[i], att.length, end - offset);
  }
}

// Fills where[0..plan.natts): pointers to the stored values, nullptr for NULL, the missing value
// for columns that are younger than the tuple. Every value lies within the `stored` bytes of the
// tuple, which are at least a header's.
inline void locate(const RowPlan& plan, HeapTupleHeader tuple, Size stored, const char** where) {
  int natts = HeapTupleHeaderGetNatts(tuple);
  if (unlikely(natts > plan.natts)) {
    if (natts > plan.natts_limit) corrupt_tuple();
    natts = plan.natts;
  }
  const Size end = check_header(tuple, stored);
  if ((tuple->t_infomask & HEAP_HASNULL) != 0) {
    locate_with_nulls(plan, tuple, natts, end, where);
  } else {
    const char* base = reinterpret_cast<const char*>(tuple) + tuple->t_hoff;
    int i = 0;
    const int fixed = natts < plan.fixed_count ? natts : plan.fixed_count;
    for (; i < fixed; ++i) where[i] = base + plan.fixed_offsets[i];
    Size offset = 0;
    if (i > 0) {
      offset = plan.fixed_offsets[i - 1];
      if (unlikely(offset >= end)) detail::beyond_parent();
      offset += bounded_size(where[i - 1], plan.attributes[i - 1].length, end - offset);
    }
    for (; i < natts; ++i) {
      const Attribute& att = plan.attributes[i];
      offset = aligned_place(base, offset, end, att.length, att.align);
      where[i] = base + offset;
      offset += bounded_size(where[i], att.length, end - offset);
    }
  }
  for (int i = natts; i < plan.natts; ++i) where[i] = plan.attributes[i].missing;
}

}  // namespace pgdr
