// The canonical payload of every value whose form is not simply its bytes (FORMAT.md, "Payloads").
//
// Each put_* writes one payload, without its length, at `p` and returns the position after it; the
// caller has made room. The write_* ones take a Sink. None knows PostgreSQL's storage: the
// extension takes values apart, this puts them in order, so that tests can do the same from plain
// values.
#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "core/sink.hpp"

namespace pgdr::core {

// One NaN of each width; every other value keeps its bits, so -0 differs from +0.
inline uint8_t* put_float4(uint8_t* p, float v) {
  return store_u32(p, __builtin_isnan(v) ? 0x7FC00000U : std::bit_cast<uint32_t>(v));
}
inline uint8_t* put_float8(uint8_t* p, double v) {
  return store_u64(p, __builtin_isnan(v) ? 0x7FF8000000000000U : std::bit_cast<uint64_t>(v));
}

enum class NumericSign : uint8_t { kPositive, kNegative, kNaN, kInfinity, kMinusInfinity };

inline constexpr size_t kNumericHeader = 5;

// value = sign * sum of digits[i] * 10000^(weight - i), each digit 0..9999 in the machine's byte
// order, at any alignment. Leading and trailing zero digits do not matter, nor does the sign of
// zero; dscale (digits shown after the point) does.
struct Numeric {
  NumericSign sign = NumericSign::kPositive;
  int weight = 0;
  uint16_t dscale = 0;
  const uint8_t* digits = nullptr;
  int count = 0;

  // Brings equal values to one form; call it before the rest.
  void normalize() {
    while (count > 0 && digit(0) == 0) {
      digits += 2;
      --count;
      --weight;
    }
    while (count > 0 && digit(count - 1) == 0) --count;
    if (count == 0) {
      weight = 0;
      if (sign == NumericSign::kNegative) sign = NumericSign::kPositive;
    }
  }
  uint16_t digit(int i) const { return load_native<uint16_t>(digits + static_cast<size_t>(i) * 2); }
  bool finite() const { return sign <= NumericSign::kNegative; }
  // Canonical length.
  size_t size() const { return finite() ? kNumericHeader + 2 * static_cast<size_t>(count) : 1; }
  // Everything but the digits. Room: kNumericHeader.
  uint8_t* put_header(uint8_t* p) const {
    p = store_u8(p, static_cast<uint8_t>(sign));
    if (!finite()) return p;
    return store_u16(store_u16(p, static_cast<uint16_t>(static_cast<int16_t>(weight))), dscale);
  }
  // Room: size().
  uint8_t* put(uint8_t* p) const {
    p = put_header(p);
    if (!finite() || count == 0) return p;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(p, digits, static_cast<size_t>(count) * 2);
      return p + static_cast<size_t>(count) * 2;
    } else {
      for (int i = 0; i < count; ++i) p = store_u16(p, digit(i));
      return p;
    }
  }
  void write(Sink& sink) const {
    constexpr size_t kDigits = 32;  // bytes of them that there is room for
    sink.ensure(kNumericHeader + kDigits);
    sink.pos = put_header(sink.pos);
    if (!finite()) return;
    if (static_cast<size_t>(count) * 2 > kDigits) {
      for (int i = 0; i < count; ++i) sink.u16(digit(i));
      return;
    }
    uint8_t* p = sink.pos;
    for (int i = 0; i < count; ++i) p = store_u16(p, digit(i));
    sink.pos = p;
  }
};

inline constexpr size_t kIntervalLength = 16;
inline uint8_t* put_interval(uint8_t* p, int64_t microseconds, int32_t days, int32_t months) {
  p = store_u64(p, static_cast<uint64_t>(microseconds));
  p = store_u32(p, static_cast<uint32_t>(days));
  return store_u32(p, static_cast<uint32_t>(months));
}

inline constexpr size_t kTimetzLength = 12;
// zone: seconds west of Greenwich, as PostgreSQL stores it.
inline uint8_t* put_timetz(uint8_t* p, int64_t microseconds, int32_t zone) {
  p = store_u64(p, static_cast<uint64_t>(microseconds));
  return store_u32(p, static_cast<uint32_t>(zone));
}

inline constexpr size_t kTidLength = 6;
inline uint8_t* put_tid(uint8_t* p, uint32_t block, uint16_t offset) {
  return store_u16(store_u32(p, block), offset);
}

// family: 4 or 6; bits: length of the network part; the address is 4 or 16 bytes, most significant
// first.
inline constexpr size_t kInetMax = 18;
inline uint8_t* put_inet(uint8_t* p, uint8_t family, uint8_t bits, const void* address) {
  p = store_u8(store_u8(p, family), bits);
  const size_t n = family == 4 ? 4 : 16;
  std::memcpy(p, address, n);
  return p + n;
}

inline void write_bits(Sink& sink, uint32_t bit_length, const void* bytes, size_t length) {
  sink.u32(bit_length);
  sink.bytes(bytes, length);
}

enum class JsonTag : uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

inline void write_json_string(Sink& sink, const void* bytes, size_t length) {
  sink.tagged(static_cast<uint8_t>(JsonTag::kString), static_cast<uint32_t>(length));
  sink.bytes(bytes, length);
}
inline void write_json_key(Sink& sink, const void* bytes, size_t length) {
  sink.u32(static_cast<uint32_t>(length));
  sink.bytes(bytes, length);
}

enum RangeFlag : uint8_t {
  kRangeEmpty = 1,
  kRangeLowerInclusive = 2,
  kRangeUpperInclusive = 4,
  kRangeLowerInfinite = 8,
  kRangeUpperInfinite = 16,
};

}  // namespace pgdr::core
