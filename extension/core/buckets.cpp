#include "core/buckets.hpp"

#include "core/bytes.hpp"

namespace pgdr::core {

namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The six bits of a character, or -1.
int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

int bucket_bits_for(uint64_t rows) {
  int bits = 0;
  while (bits < kBucketBitsMax && rows >> (bits + 1) >= kRowsPerBucket) ++bits;
  return bits;
}

void fold_buckets(Digest* buckets, int from, int to) {
  for (int bits = from; bits > to; --bits) {
    const int n = 1 << (bits - 1);
    const Digest* pair = buckets;
    for (int i = 0; i < n; ++i, pair += 2) {
      Digest sum = pair[0];
      sum.add(pair[1]);
      buckets[i] = sum;
    }
  }
}

Digest sum_buckets(const Digest* buckets, int bits) {
  Digest sum;
  for (int i = 0; i < 1 << bits; ++i) sum.add(buckets[i]);
  return sum;
}

size_t serialize_buckets(const Digest* buckets, int bits, uint8_t* out) {
  uint8_t* p = out;
  for (int i = 0; i < 1 << bits; ++i) {
    p = store_u64(p, buckets[i].rows);
    p = store_u64(p, buckets[i].lo);
    p = store_u64(p, buckets[i].hi);
    if (buckets[0].algorithm == Algorithm::kXxh3) continue;
    p = store_u64(p, buckets[i].upper[0]);
    p = store_u64(p, buckets[i].upper[1]);
  }
  return static_cast<size_t>(p - out);
}

bool parse_buckets(const uint8_t* data, size_t length, int bits, Digest* out) {
  if (bits < 0 || bits > kBucketBitsMax) return false;
  const bool keyed = length == kKeyedBucketBytes << bits;
  if (!keyed && length != kBucketBytes << bits) return false;
  for (int i = 0; i < 1 << bits; ++i, data += keyed ? kKeyedBucketBytes : kBucketBytes) {
    out[i] = Digest{};
    out[i].rows = load_le<uint64_t>(data);
    out[i].lo = load_le<uint64_t>(data + 8);
    out[i].hi = load_le<uint64_t>(data + 16);
    if (!keyed) continue;
    out[i].algorithm = Algorithm::kHmacSha256;
    out[i].upper[0] = load_le<uint64_t>(data + 24);
    out[i].upper[1] = load_le<uint64_t>(data + 32);
  }
  return true;
}

size_t encode_base64(const uint8_t* data, size_t length, char* out) {
  char* p = out;
  size_t i = 0;
  for (; i + 3 <= length; i += 3) {
    const uint32_t v = uint32_t{data[i]} << 16 | uint32_t{data[i + 1]} << 8 | data[i + 2];
    *p++ = kBase64[v >> 18];
    *p++ = kBase64[v >> 12 & 63];
    *p++ = kBase64[v >> 6 & 63];
    *p++ = kBase64[v & 63];
  }
  if (i < length) {
    const bool two = length - i == 2;
    const uint32_t v = uint32_t{data[i]} << 16 | (two ? uint32_t{data[i + 1]} << 8 : 0);
    *p++ = kBase64[v >> 18];
    *p++ = kBase64[v >> 12 & 63];
    *p++ = two ? kBase64[v >> 6 & 63] : '=';
    *p++ = '=';
  }
  return static_cast<size_t>(p - out);
}

bool decode_base64(const char* text, size_t length, uint8_t* out, size_t capacity,
                   size_t* out_length) {
  if (length % 4 != 0) return false;
  size_t padding = 0;
  if (length > 0 && text[length - 1] == '=') padding = text[length - 2] == '=' ? 2 : 1;
  const size_t n = length / 4 * 3 - padding;
  if (n > capacity) return false;
  size_t written = 0;
  for (size_t i = 0; i < length; i += 4) {
    const size_t given = i + 4 == length ? 4 - padding : 4;
    uint32_t v = 0;
    for (size_t j = 0; j < 4; ++j) {
      int six = 0;
      if (j < given) {
        six = base64_value(text[i + j]);
        if (six < 0) return false;
      }
      v = v << 6 | static_cast<uint32_t>(six);
    }
    const size_t bytes = given - 1;
    for (size_t j = 0; j < bytes; ++j) out[written++] = static_cast<uint8_t>(v >> (16 - 8 * j));
    if ((v & ((uint32_t{1} << (24 - 8 * bytes)) - 1)) != 0) return false;
  }
  *out_length = written;
  return true;
}

int compare_buckets(Digest* a, int a_bits, Digest* b, int b_bits, int* bits,
                    BucketDifference* out) {
  const int common = a_bits < b_bits ? a_bits : b_bits;
  fold_buckets(a, a_bits, common);
  fold_buckets(b, b_bits, common);
  *bits = common;
  int found = 0;
  for (int i = 0; i < 1 << common; ++i) {
    if (a[i].same_sum(b[i])) continue;
    out[found++] = {i, a[i].rows, b[i].rows};
  }
  return found;
}

}  // namespace pgdr::core
