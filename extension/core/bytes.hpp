// Loads and stores in the canonical byte order (little-endian) at any alignment.
//
// Contract: `p` points at enough bytes; stores return the position after what they wrote.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pgdr::core {

namespace detail {
constexpr uint16_t swap(uint16_t v) { return __builtin_bswap16(v); }
constexpr uint32_t swap(uint32_t v) { return __builtin_bswap32(v); }
constexpr uint64_t swap(uint64_t v) { return __builtin_bswap64(v); }
}  // namespace detail

template <typename T>
inline uint8_t* store_le(uint8_t* p, T v) {
  if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) v = detail::swap(v);
  std::memcpy(p, &v, sizeof v);
  return p + sizeof v;
}

inline uint8_t* store_u8(uint8_t* p, uint8_t v) { return store_le(p, v); }
inline uint8_t* store_u16(uint8_t* p, uint16_t v) { return store_le(p, v); }
inline uint8_t* store_u32(uint8_t* p, uint32_t v) { return store_le(p, v); }
inline uint8_t* store_u64(uint8_t* p, uint64_t v) { return store_le(p, v); }

template <typename T>
inline T load_le(const uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) v = detail::swap(v);
  return v;
}

// A value in the machine's own order, as PostgreSQL stores it on a page; alignment does not matter.
template <typename T>
inline T load_native(const void* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

}  // namespace pgdr::core
