#include "core/row_entries.hpp"

#include <algorithm>
#include <tuple>

namespace pgdr::core {

namespace {

bool less(const U128& a, const U128& b) { return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo; }

bool before(const RowEntry& a, const RowEntry& b) {
  if (!(a.key == b.key)) return less(a.key, b.key);
  if (!(a.row == b.row)) return less(a.row, b.row);
  return std::tie(a.leaf, a.block, a.offset) < std::tie(b.leaf, b.block, b.offset);
}

U128 times(const U128& value, uint64_t count) {
  U128 sum;
  for (U128 power = value; count != 0; count >>= 1) {
    if ((count & 1) != 0) sum.add(power);
    power.add(U128{power});
  }
  return sum;
}

U128 minus(const U128& a, const U128& b) {
  return {a.lo - b.lo, a.hi - b.hi - (a.lo < b.lo ? 1 : 0)};
}

// What a bucket's number of rows and sum of hashes gain when a row of b gives way to that of a.
struct Gain {
  uint64_t rows;  // modulo 2^64
  U128 sum;
  bool operator==(const Gain&) const = default;
};

Gain gain_of(const RowDifference& d) {
  const U128 a = d.a == nullptr ? U128{} : times(d.a->row, d.count);
  const U128 b = d.b == nullptr ? U128{} : times(d.b->row, d.count);
  const uint64_t rows = (d.a == nullptr ? 0 : d.count) - (d.b == nullptr ? 0 : d.count);
  return {rows, minus(a, b)};
}

void mark(RowDifference* differences, size_t n, uint32_t chosen) {
  for (size_t i = 0; i < n; ++i)
    differences[i].agrees = (chosen >> i & 1) != 0 ? Agrees::kA : Agrees::kB;
}

const RowEntry* end_of_key(const RowEntry* entry, const RowEntry* end) {
  const U128 key = entry->key;
  while (entry != end && entry->key == key) ++entry;
  return entry;
}

// How often a row of this content occurs among the entries.
uint64_t count_of(const U128& row, const RowEntry* entry, const RowEntry* end) {
  for (; entry != end; ++entry)
    if (entry->row == row) return entry->count;
  return 0;
}

// One key's rows on one side beyond what the other side has of them, too.
class Surplus {
 public:
  Surplus(const RowEntry* begin, const RowEntry* end, const RowEntry* other,
          const RowEntry* other_end)
      : at_(begin), end_(end), other_(other), other_end_(other_end) {
    skip();
  }
  bool done() const { return at_ == end_; }
  const RowEntry* entry() const { return at_; }
  uint64_t left() const { return left_; }
  void take(uint64_t count) {
    left_ -= count;
    if (left_ != 0) return;
    ++at_;
    skip();
  }

 private:
  void skip() {
    for (; !done(); ++at_) {
      const uint64_t both = count_of(at_->row, other_, other_end_);
      if (at_->count <= both) continue;
      left_ = at_->count - both;
      return;
    }
  }
  const RowEntry* at_;
  const RowEntry* end_;
  const RowEntry* other_;
  const RowEntry* other_end_;
  uint64_t left_ = 0;
};

size_t match_key(const RowEntry* a, const RowEntry* a_end, const RowEntry* b, const RowEntry* b_end,
                 RowDifference* out) {
  size_t found = 0;
  Surplus of_a(a, a_end, b, b_end);
  Surplus of_b(b, b_end, a, a_end);
  while (!of_a.done() && !of_b.done()) {
    const uint64_t count = std::min(of_a.left(), of_b.left());
    out[found++] = {Side::kChanged, Agrees::kUnknown, of_a.entry(), of_b.entry(), count};
    of_a.take(count);
    of_b.take(count);
  }
  for (; !of_a.done(); of_a.take(of_a.left()))
    out[found++] = {Side::kMissing, Agrees::kUnknown, of_a.entry(), nullptr, of_a.left()};
  for (; !of_b.done(); of_b.take(of_b.left()))
    out[found++] = {Side::kExtra, Agrees::kUnknown, nullptr, of_b.entry(), of_b.left()};
  return found;
}

}  // namespace

void sort_entries(RowEntry* entries, size_t n) { std::sort(entries, entries + n, before); }

size_t compact_entries(RowEntry* entries, size_t n) {
  if (n == 0) return 0;
  size_t last = 0;
  for (size_t i = 1; i < n; ++i) {
    if (entries[i].key == entries[last].key && entries[i].row == entries[last].row)
      entries[last].count += entries[i].count;
    else
      entries[++last] = entries[i];
  }
  return last + 1;
}

size_t match_entries(const RowEntry* a, size_t n, const RowEntry* b, size_t m, RowDifference* out) {
  const RowEntry* const a_end = a + n;
  const RowEntry* const b_end = b + m;
  size_t found = 0;
  while (a != a_end || b != b_end) {
    const bool only_b = a == a_end || (b != b_end && less(b->key, a->key));
    const bool only_a = !only_b && (b == b_end || less(a->key, b->key));
    const RowEntry* a_next = only_b ? a : end_of_key(a, a_end);
    const RowEntry* b_next = only_a ? b : end_of_key(b, b_end);
    found += match_key(a, a_next, b, b_next, out + found);
    a = a_next;
    b = b_next;
  }
  return found;
}

void decide_bucket(RowDifference* differences, size_t n, const Digest& b_sum,
                   const Digest& backup) {
  const Gain wanted{backup.rows - b_sum.rows,
                    minus(U128{backup.lo, backup.hi}, U128{b_sum.lo, b_sum.hi})};
  Gain all{};
  Gain gains[kDecidable];
  for (size_t i = 0; i < n; ++i) {
    const Gain gain = gain_of(differences[i]);
    if (i < kDecidable) gains[i] = gain;
    all.rows += gain.rows;
    all.sum.add(gain.sum);
  }
  if (all == wanted) {
    for (size_t i = 0; i < n; ++i) differences[i].agrees = Agrees::kA;
    return;
  }
  if (n > kDecidable) return;
  uint32_t choices = 0;
  uint32_t chosen = 0;
  for (uint32_t choice = 0; choice < 1U << n; ++choice) {
    Gain sum{};
    for (size_t i = 0; i < n; ++i) {
      if ((choice >> i & 1) == 0) continue;
      sum.rows += gains[i].rows;
      sum.sum.add(gains[i].sum);
    }
    if (!(sum == wanted)) continue;
    ++choices;
    chosen = choice;
  }
  if (choices == 1) mark(differences, n, chosen);
}

const RowEntry* only_extra(const RowEntry* entries, size_t n, const Digest& sum,
                           const Digest& backup) {
  if (sum.rows <= backup.rows) return nullptr;
  const uint64_t surplus = sum.rows - backup.rows;
  const U128 wanted = minus(U128{sum.lo, sum.hi}, U128{backup.lo, backup.hi});
  for (size_t i = 0; i < n; ++i)
    if (entries[i].count >= surplus && times(entries[i].row, surplus) == wanted) return &entries[i];
  return nullptr;
}

}  // namespace pgdr::core
