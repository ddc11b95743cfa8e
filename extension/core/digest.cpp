#include "core/digest.hpp"

#include <cstring>
#include <initializer_list>

namespace pgdr::core {

namespace {

size_t format_decimal(uint64_t value, char* out) {
  char reversed[20];
  size_t n = 0;
  do {
    reversed[n++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  for (size_t i = 0; i < n; ++i) out[i] = reversed[n - 1 - i];
  return n;
}

void format_hex(uint64_t value, char* out) {
  for (int i = 15; i >= 0; --i) {
    out[i] = "0123456789abcdef"[value & 15];
    value >>= 4;
  }
}

// One decimal number up to a colon, without leading zeros. Advances *p past the colon.
bool parse_decimal(const char** p, const char* end, uint64_t* out) {
  const char* s = *p;
  uint64_t value = 0;
  if (s == end || (*s == '0' && end - s > 1 && s[1] != ':')) return false;
  const char* first = s;
  for (; s != end && *s != ':'; ++s) {
    if (*s < '0' || *s > '9') return false;
    if (__builtin_mul_overflow(value, uint64_t{10}, &value)) return false;
    if (__builtin_add_overflow(value, static_cast<uint64_t>(*s - '0'), &value)) return false;
  }
  if (s == end || s == first) return false;
  *p = s + 1;
  *out = value;
  return true;
}

bool parse_hex(const char* s, uint64_t* out) {
  uint64_t value = 0;
  for (int i = 0; i < 16; ++i) {
    const char c = s[i];
    uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint64_t>(c - 'a') + 10;
    } else {
      return false;
    }
    value = value << 4 | digit;
  }
  *out = value;
  return true;
}

// Length of the algorithm's name: lower-case letters, digits and '-' up to the first colon; 0 if
// there is none.
size_t algorithm_length(const char* text, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    const char c = text[i];
    if (c == ':') return i;
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return 0;
  }
  return 0;
}

bool known_algorithm(const char* name, size_t length, Algorithm* out) {
  for (const Algorithm algorithm : {Algorithm::kXxh3, Algorithm::kHmacSha256}) {
    const char* known = algorithm_name(algorithm);
    if (length == std::strlen(known) && std::memcmp(name, known, length) == 0) {
      *out = algorithm;
      return true;
    }
  }
  return false;
}

}  // namespace

size_t format_digest(const Digest& digest, char (&out)[kDigestTextMax]) {
  const char* name = algorithm_name(digest.algorithm);
  size_t n = std::strlen(name);
  std::memcpy(out, name, n);
  out[n++] = ':';
  n += format_decimal(digest.rows, out + n);
  out[n++] = ':';
  n += format_decimal(digest.bytes, out + n);
  out[n++] = ':';
  if (digest.algorithm != Algorithm::kXxh3) {
    format_hex(digest.upper[1], out + n);
    format_hex(digest.upper[0], out + n + 16);
    n += 32;
  }
  format_hex(digest.hi, out + n);
  format_hex(digest.lo, out + n + 16);
  n += 32;
  out[n] = '\0';
  return n;
}

ParseStatus parse_digest(const char* text, size_t length, Digest* out) {
  const size_t name = algorithm_length(text, length);
  if (name == 0) return ParseStatus::kMalformed;
  Digest digest;
  if (!known_algorithm(text, name, &digest.algorithm)) return ParseStatus::kUnknownAlgorithm;
  const char* p = text + name + 1;
  const char* end = text + length;
  if (!parse_decimal(&p, end, &digest.rows) || !parse_decimal(&p, end, &digest.bytes))
    return ParseStatus::kMalformed;
  if (digest.algorithm != Algorithm::kXxh3) {
    if (end - p != 64 || !parse_hex(p, &digest.upper[1]) || !parse_hex(p + 16, &digest.upper[0]))
      return ParseStatus::kMalformed;
    p += 32;
  }
  if (end - p != 32 || !parse_hex(p, &digest.hi) || !parse_hex(p + 16, &digest.lo))
    return ParseStatus::kMalformed;
  *out = digest;
  return ParseStatus::kOk;
}

Comparison compare_digests(const char* a, size_t a_length, const char* b, size_t b_length) {
  Digest x, y;
  const ParseStatus sx = parse_digest(a, a_length, &x);
  const ParseStatus sy = parse_digest(b, b_length, &y);
  if (sx == ParseStatus::kMalformed || sy == ParseStatus::kMalformed) return Comparison::kMalformed;
  if (sx != ParseStatus::kOk || sy != ParseStatus::kOk) return Comparison::kIncomparable;
  if (x.algorithm != y.algorithm) return Comparison::kIncomparable;
  return x == y ? Comparison::kEqual : Comparison::kDifferent;
}

}  // namespace pgdr::core
