// pglz: streams of every kind of item, against a decoder that takes the format's description word
// by word; damaged and cut ones.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <vector>

#include "core/pglz.hpp"

namespace pgdr::core {
namespace {

using Bytes = std::vector<uint8_t>;

// One item at a time, one byte at a time.
std::optional<Bytes> described(const Bytes& source, size_t size) {
  Bytes out;
  size_t s = 0;
  while (s < source.size() && out.size() < size) {
    const unsigned control = source[s++];
    for (int item = 0; item < 8 && s < source.size() && out.size() < size; ++item) {
      if ((control >> item & 1U) == 0) {
        out.push_back(source[s++]);
        continue;
      }
      if (s + 2 > source.size()) return std::nullopt;
      size_t length = (source[s] & 15U) + 3;
      const size_t offset = (static_cast<size_t>(source[s] & 0xF0U) << 4) + source[s + 1];
      s += 2;
      if (length == 18) {
        if (s >= source.size()) return std::nullopt;
        length += source[s++];
      }
      if (offset == 0 || offset > out.size()) return std::nullopt;
      for (size_t i = 0; i < length && out.size() < size; ++i)
        out.push_back(out[out.size() - offset]);
    }
  }
  if (s != source.size() || out.size() != size) return std::nullopt;
  return out;
}

std::optional<Bytes> unpacked(const Bytes& source, size_t size) {
  // Exact allocations: a sanitizer sees every byte too many.
  const Bytes exact(source.begin(), source.end());
  Bytes out(size);
  if (!unpack_pglz(exact.data(), exact.size(), out.data(), size)) return std::nullopt;
  return out;
}

// A stream of random items; `far` is the largest offset.
Bytes random_stream(std::mt19937& random, size_t groups, size_t far, int copies, size_t* size) {
  Bytes stream;
  size_t written = 0;
  for (size_t group = 0; group < groups; ++group) {
    const size_t at = stream.size();
    stream.push_back(0);
    for (int item = 0; item < 8; ++item) {
      if (written == 0 || static_cast<int>(random() % 100) >= copies) {
        stream.push_back(static_cast<uint8_t>(random()));
        ++written;
        continue;
      }
      const size_t most = written < far ? written : far;
      const size_t offset = 1 + random() % most;
      const size_t length = random() % 4 == 0 ? 3 + random() % 271 : 3 + random() % 15;
      stream[at] = static_cast<uint8_t>(stream[at] | 1U << item);
      const size_t low = length < 18 ? length - 3 : 15;
      stream.push_back(static_cast<uint8_t>((offset >> 8) << 4 | low));
      stream.push_back(static_cast<uint8_t>(offset));
      if (low == 15) stream.push_back(static_cast<uint8_t>(length - 18));
      written += length;
    }
  }
  *size = written;
  return stream;
}

TEST(Pglz, UnpacksWhatTheFormatDescribes) {
  std::mt19937 random(1);
  for (const size_t far : {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 40, 4095}) {
    for (int copies = 0; copies <= 100; copies += 20) {
      for (const size_t groups : {1, 2, 3, 20, 300}) {
        size_t size = 0;
        const Bytes stream = random_stream(random, groups, far, copies, &size);
        const auto expected = described(stream, size);
        ASSERT_TRUE(expected);
        EXPECT_EQ(unpacked(stream, size), expected) << far << ' ' << copies << ' ' << groups;
      }
    }
  }
}

TEST(Pglz, RefusesAndCutsAsDescribed) {
  std::mt19937 random(2);
  size_t accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    size_t size = 0;
    Bytes stream = random_stream(random, 1 + random() % 40, 1 + random() % 100, 50, &size);
    for (int damage = static_cast<int>(random() % 3); damage > 0; --damage)
      stream[random() % stream.size()] = static_cast<uint8_t>(random());
    if (random() % 4 == 0) stream.resize(random() % stream.size());
    if (random() % 4 == 0) size = random() % (2 * size);
    const auto expected = described(stream, size);
    accepted += expected ? 1 : 0;
    ASSERT_EQ(unpacked(stream, size), expected) << round;
  }
  EXPECT_GT(accepted, 1000U);
  EXPECT_LT(accepted, 19000U);
}

TEST(Pglz, Empty) {
  EXPECT_EQ(unpacked({}, 0), Bytes{});
  EXPECT_FALSE(unpacked({}, 1));
  EXPECT_FALSE(unpacked({0, 'a'}, 0));
  EXPECT_EQ(unpacked({0, 'a'}, 1), (Bytes{'a'}));
  EXPECT_FALSE(unpacked({1, 0x00, 0x01}, 3));  // a copy of what is not there
  EXPECT_FALSE(unpacked({2, 'a', 0x00, 0x00}, 4));
  EXPECT_EQ(unpacked({2, 'a', 0x0F, 0x01, 0xFF}, 274), Bytes(274, 'a'));
}

// Who is told a size beyond it need not ask for so much memory.
TEST(Pglz, NothingGivesMoreThanTheMost) {
  constexpr size_t kLongest = 15 + 3 + 255;
  Bytes stream{0xFE, 'a'};
  for (int item = 1; item < 8; ++item) stream.insert(stream.end(), {0x0F, 0x01, 0xFF});
  size_t size = 1 + 7 * kLongest;
  for (int group = 0; group < 2000; ++group) {
    stream.push_back(0xFF);
    for (int item = 0; item < 8; ++item) stream.insert(stream.end(), {0x0F, 0x01, 0xFF});
    size += 8 * kLongest;
  }
  EXPECT_EQ(unpacked(stream, size), Bytes(size, 'a'));
  EXPECT_LE(size, stream.size() * kPglzMost);
  EXPECT_GT(size, stream.size() * (kPglzMost - 1));
}

}  // namespace
}  // namespace pgdr::core
