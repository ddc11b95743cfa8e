// Unpacking values that PostgreSQL compressed with pglz, its own format.
//
// Source of the format: src/common/pg_lzcompress.c, "The decompression algorithm". Groups of eight
// items follow a byte whose bits say, the lowest first, what each of them is: 0, a byte as it is;
// 1, a copy of 3 to 273 bytes that were written 1 to 4095 bytes before. A copy takes two bytes
// (offset's upper four bits and length - 3; offset's lower eight), and a third one, to be added,
// where the length reads 18.
//
// PostgreSQL's own function copies with memcpy, a call of a few bytes each time; here most copies
// are one or two moves of 16 bytes: half the time for prose.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pgdr::core {

// No byte of the source gives more than this: eight copies take 25 bytes.
inline constexpr size_t kPglzMost = 88;

// Unpacks exactly `size` bytes. False if the source does not give exactly that many, or is damaged;
// what is in `out` then means nothing. Reads and writes within both ranges whatever the source
// holds.
bool unpack_pglz(const uint8_t* source, size_t length, uint8_t* out, size_t size);

}  // namespace pgdr::core
