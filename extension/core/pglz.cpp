#include "core/pglz.hpp"

#include <cstring>

namespace pgdr::core {

namespace {

constexpr int kItems = 8;            // per control byte
constexpr ptrdiff_t kItemMax = 3;    // bytes that one item takes in the source ...
constexpr ptrdiff_t kCopyMax = 273;  // ... and gives at most
constexpr size_t kOvershoot = 16;

struct Copy {
  size_t offset;
  size_t length;
};

inline Copy read_copy(const uint8_t** source) {
  const uint8_t* s = *source;
  Copy copy{(static_cast<size_t>(s[0] & 0xF0U) << 4) | s[1], (s[0] & 0x0FU) + size_t{3}};
  *source += 2;
  if (copy.length == 18) copy.length += *(*source)++;
  return copy;
}

// May write up to kOvershoot bytes more than the copy's length.
inline void copy_wide(uint8_t* to, const Copy& copy) {
  const uint8_t* from = to - copy.offset;
  if (copy.offset >= 16) {
    std::memcpy(to, from, 16);
    for (size_t i = 16; i < copy.length; i += 16) std::memcpy(to + i, from + i, 16);
    return;
  }
  size_t distance = copy.offset;
  size_t i = 0;
  if (distance < 8) {
    // Eight bytes of the pattern, then whole multiples of it that are at least eight long.
    for (; i < 8; ++i) to[i] = from[i];
    distance *= (8 + distance - 1) / distance;
  }
  for (; i < copy.length; i += 8) std::memcpy(to + i, to + i - distance, 8);
}

// Without overlap of source and target ranges a byte at a time would do as well.
inline void copy_exactly(uint8_t* to, const Copy& copy) {
  for (size_t i = 0; i < copy.length; ++i) to[i] = to[i - copy.offset];
}

}  // namespace

bool unpack_pglz(const uint8_t* source, size_t length, uint8_t* out, size_t size) {
  const uint8_t* s = source;
  const uint8_t* const source_end = source + length;
  uint8_t* to = out;
  uint8_t* const end = out + size;
  // Groups that cannot reach either end.
  while (source_end - s > 1 + kItems * kItemMax + kItems &&
         end - to > kItems * kCopyMax + ptrdiff_t{kOvershoot}) {
    unsigned control = *s++;
    for (int left = kItems; left > 0;) {
      // Plain bytes up to the next copy, at once: more branches than these cost more than the work.
      const int plain = __builtin_ctz(control | 1U << left);
      std::memcpy(to, s, kItems);
      s += plain;
      to += plain;
      left -= plain + 1;
      if (left < 0) break;
      control >>= plain + 1;
      const Copy copy = read_copy(&s);
      if (copy.offset == 0 || copy.offset > static_cast<size_t>(to - out)) return false;
      copy_wide(to, copy);
      to += copy.length;
    }
  }
  while (s < source_end && to < end) {
    unsigned control = *s++;
    for (int i = 0; i < kItems && s < source_end && to < end; ++i, control >>= 1) {
      if ((control & 1U) == 0) {
        *to++ = *s++;
        continue;
      }
      if (source_end - s < 2 || (source_end - s < 3 && (s[0] & 0x0FU) == 15)) return false;
      Copy copy = read_copy(&s);
      if (copy.offset == 0 || copy.offset > static_cast<size_t>(to - out)) return false;
      const auto room = static_cast<size_t>(end - to);
      if (copy.length + kOvershoot <= room) {
        copy_wide(to, copy);
      } else {
        // As PostgreSQL does: a copy beyond the end is cut.
        if (copy.length > room) copy.length = room;
        copy_exactly(to, copy);
      }
      to += copy.length;
    }
  }
  return s == source_end && to == end;
}

}  // namespace pgdr::core
