// Matching rows of two sides by key and content.
#include <vector>

#include <gtest/gtest.h>

#include "core/row_entries.hpp"

namespace pgdr::core {
namespace {

RowEntry entry(uint64_t key, uint64_t row, uint64_t count = 1) {
  return {{key, key * 7}, {row, row * 1000003}, count, 0, static_cast<uint32_t>(key), 1};
}

struct Found {
  std::vector<RowEntry> a;
  std::vector<RowEntry> b;
  std::vector<RowDifference> differences;
};

Found match(std::vector<RowEntry> a, std::vector<RowEntry> b) {
  Found found{std::move(a), std::move(b), {}};
  for (auto* side : {&found.a, &found.b}) {
    sort_entries(side->data(), side->size());
    side->resize(compact_entries(side->data(), side->size()));
  }
  found.differences.resize(found.a.size() + found.b.size());
  found.differences.resize(match_entries(found.a.data(), found.a.size(), found.b.data(),
                                         found.b.size(), found.differences.data()));
  return found;
}

TEST(RowEntries, SameRowsInAnyOrderDoNotDiffer) {
  EXPECT_TRUE(
      match({entry(1, 10), entry(2, 20)}, {entry(2, 20), entry(1, 10)}).differences.empty());
  EXPECT_TRUE(match({}, {}).differences.empty());
}

TEST(RowEntries, MissingExtraChanged) {
  const Found f =
      match({entry(1, 10), entry(2, 20), entry(3, 30)}, {entry(2, 21), entry(3, 30), entry(4, 40)});
  ASSERT_EQ(f.differences.size(), 3U);
  EXPECT_EQ(f.differences[0].side, Side::kMissing);
  EXPECT_EQ(f.differences[0].a->key.lo, 1U);
  EXPECT_EQ(f.differences[0].b, nullptr);
  EXPECT_EQ(f.differences[1].side, Side::kChanged);
  EXPECT_EQ(f.differences[1].a->row.lo, 20U);
  EXPECT_EQ(f.differences[1].b->row.lo, 21U);
  EXPECT_EQ(f.differences[2].side, Side::kExtra);
  EXPECT_EQ(f.differences[2].a, nullptr);
  EXPECT_EQ(f.differences[2].b->key.lo, 4U);
}

TEST(RowEntries, DuplicatesAreCounted) {
  // Without a key: three copies against one, and one against two.
  const Found f = match({entry(5, 5), entry(5, 5), entry(5, 5), entry(6, 6)},
                        {entry(5, 5), entry(6, 6), entry(6, 6)});
  ASSERT_EQ(f.differences.size(), 2U);
  EXPECT_EQ(f.differences[0].side, Side::kMissing);
  EXPECT_EQ(f.differences[0].count, 2U);
  EXPECT_EQ(f.differences[0].a->count, 3U);
  EXPECT_EQ(f.differences[1].side, Side::kExtra);
  EXPECT_EQ(f.differences[1].count, 1U);
}

TEST(RowEntries, ADuplicateKeyIsExtra) {
  const Found f = match({entry(1, 10)}, {entry(1, 10), entry(1, 11)});
  ASSERT_EQ(f.differences.size(), 1U);
  EXPECT_EQ(f.differences[0].side, Side::kExtra);
  EXPECT_EQ(f.differences[0].b->row.lo, 11U);
}

Digest sum_of(const std::vector<RowEntry>& rows) {
  Digest digest;
  for (const auto& row : rows)
    for (uint64_t i = 0; i < row.count; ++i) digest.add_row(row.row, 1);
  return digest;
}

TEST(RowEntries, TheBackupAgreesWithOneSide) {
  // The backup has 1, 2, 3. The copy lost 1; the source changed 2 and added 4.
  const std::vector<RowEntry> backup = {entry(1, 10), entry(2, 20), entry(3, 30)};
  Found f =
      match({entry(1, 10), entry(2, 22), entry(3, 30), entry(4, 40)}, {entry(2, 20), entry(3, 30)});
  ASSERT_EQ(f.differences.size(), 3U);
  decide_bucket(f.differences.data(), 3, sum_of(f.b), sum_of(backup));
  EXPECT_EQ(f.differences[0].agrees, Agrees::kA);
  EXPECT_EQ(f.differences[1].agrees, Agrees::kB);
  EXPECT_EQ(f.differences[2].agrees, Agrees::kB);
}

TEST(RowEntries, AllOfManyAgreeWithTheSource) {
  std::vector<RowEntry> a;
  for (uint64_t i = 1; i <= 40; ++i) a.push_back(entry(i, i * 10));
  Found f = match(a, {});
  ASSERT_GT(f.differences.size(), static_cast<size_t>(kDecidable));
  decide_bucket(f.differences.data(), f.differences.size(), Digest{}, sum_of(a));
  for (const auto& d : f.differences) EXPECT_EQ(d.agrees, Agrees::kA);
  // One more row that neither side has: nothing is claimed.
  f = match(a, {});
  a.push_back(entry(99, 990));
  decide_bucket(f.differences.data(), f.differences.size(), Digest{}, sum_of(a));
  for (const auto& d : f.differences) EXPECT_EQ(d.agrees, Agrees::kUnknown);
}

TEST(RowEntries, UndecidedWhereBothSidesChanged) {
  Found f = match({entry(1, 11)}, {entry(1, 12)});
  decide_bucket(f.differences.data(), 1, sum_of(f.b), sum_of({entry(1, 10)}));
  EXPECT_EQ(f.differences[0].agrees, Agrees::kUnknown);
}

TEST(RowEntries, CountedDuplicatesWeighInTheDecision) {
  Found f = match({entry(5, 5, 7)}, {entry(5, 5, 2)});
  ASSERT_EQ(f.differences.size(), 1U);
  EXPECT_EQ(f.differences[0].count, 5U);
  decide_bucket(f.differences.data(), 1, sum_of(f.b), sum_of({entry(5, 5, 7)}));
  EXPECT_EQ(f.differences[0].agrees, Agrees::kA);
}

TEST(RowEntries, TheOnlyExtraRowIsKnown) {
  const std::vector<RowEntry> backup = {entry(1, 10), entry(2, 20)};
  std::vector<RowEntry> rows = {entry(1, 10), entry(2, 20), entry(3, 30, 2)};
  EXPECT_EQ(only_extra(rows.data(), 3, sum_of(rows), sum_of(backup)), &rows[2]);
  rows.push_back(entry(4, 40));
  EXPECT_EQ(only_extra(rows.data(), 4, sum_of(rows), sum_of(backup)), nullptr);
  EXPECT_EQ(only_extra(backup.data(), 2, sum_of(backup), sum_of(backup)), nullptr);
  // As many more rows, but others changed, too.
  rows = {entry(1, 11), entry(2, 20), entry(3, 30)};
  EXPECT_EQ(only_extra(rows.data(), 3, sum_of(rows), sum_of(backup)), nullptr);
}

}  // namespace
}  // namespace pgdr::core
