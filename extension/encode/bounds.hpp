// The size of a stored value, checked against what is left of its parent.
//
// Bytes of a page are input: without checksums a torn sector or a flipped bit reaches the reader.
// Every walk over stored values (a tuple, an array, a range, …) steps by these functions, so that a
// value handed to encode_value() lies within its parent, header and all, and so does what a walk
// looks at next.
#pragma once

#include <cstring>

#include "base/pg.hpp"

namespace pgdr {

// Raises the error for a stored value that is not what its type's should be. what: "an hstore".
// Which row it is in stands in the error's context (reading_place.hpp).
[[noreturn]] void corrupt_value(const char* what);

namespace detail {

// Of a pointer to an out-of-line value; 0 if it is none that a table can hold.
Size pointer_size(const char* stored, Size room);

[[noreturn]] void beyond_parent();

}  // namespace detail

// Bytes of a varlena that is not out of line, where a whole length word can be read, whatever the
// room is; a pointer is an error.
inline Size readable_varlena_size(const char* stored, Size room) {
  const auto* datum = reinterpret_cast<const varlena*>(stored);
  Size size = 0;
  if (VARATT_IS_1B(datum)) {
    size = VARSIZE_1B(datum);  // 0 of a pointer
  } else {
    size = VARSIZE_4B(datum);
    if (unlikely(size < VARHDRSZ)) size = 0;
  }
  if (unlikely(size - 1 >= room)) detail::beyond_parent();
  return size;
}

// Bytes of a varlena in any form, at most `room`, of which there is at least one.
inline Size varlena_size(const char* stored, Size room) {
  const auto* datum = reinterpret_cast<const varlena*>(stored);
  Size size = 0;
  if (VARATT_IS_1B(datum)) {
    size = VARSIZE_1B(datum);
    if (unlikely(size == 0)) size = detail::pointer_size(stored, room);  // VARATT_IS_1B_E
  } else if (likely(room >= VARHDRSZ)) {
    size = VARSIZE_4B(datum);
    if (unlikely(size < VARHDRSZ)) size = 0;
  }
  if (unlikely(size - 1 >= room)) detail::beyond_parent();  // 0, too
  return size;
}

// The same of one that is not out of line; a pointer is an error.
inline Size inline_varlena_size(const char* stored, Size room) {
  if (unlikely(room < VARHDRSZ) &&
      (room == 0 || !VARATT_IS_1B(reinterpret_cast<const varlena*>(stored))))
    detail::beyond_parent();
  return readable_varlena_size(stored, room);
}

// Bytes of a value of a type with pg_type.typlen `length`, at most `room`.
inline Size bounded_size(const char* stored, int16 length, Size room) {
  if (length > 0) {
    if (unlikely(static_cast<Size>(length) > room)) detail::beyond_parent();
    return static_cast<Size>(length);
  }
  if (unlikely(room == 0)) detail::beyond_parent();
  if (length == -1) return varlena_size(stored, room);
  const Size size = strnlen(stored, room) + 1;  // a C string
  if (unlikely(size > room)) detail::beyond_parent();
  return size;
}

// The next value's place in its parent, given the end of the one before; both count from `base`. A
// zero byte there is padding; otherwise a varlena begins at once with its short header. The result
// is less than `end`.
inline Size aligned_place(const char* base, Size offset, Size end, int16 length, Size align) {
  if (unlikely(offset >= end)) detail::beyond_parent();
  if (length == -1 && base[offset] != 0) return offset;
  offset = (offset + align - 1) & ~(align - 1);
  if (unlikely(offset >= end)) detail::beyond_parent();
  return offset;
}

}  // namespace pgdr
