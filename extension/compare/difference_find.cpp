#include "compare/difference_find.hpp"

#include "core/buckets.hpp"

namespace pgdr {

namespace {

using core::Digest;

constexpr Size kLeastEntries = 50000;

Digest* allocate_sums(int bits) { return static_cast<Digest*>(palloc(sizeof(Digest) << bits)); }

bool equal(const Digest& a, const Digest& b) { return a.same_sum(b); }

// The sums at fewer bits.
Digest* folded(const Digest* sums, int bits, int to) {
  Digest* copy = allocate_sums(bits);
  memcpy(copy, sums, sizeof(Digest) << bits);
  core::fold_buckets(copy, bits, to);
  return copy;
}

struct Passes {
  int bits;
  Digest* source;
  Digest* target;
};

Passes first_pass(Side* source, Peer* target) {
  const int bits = source->plan.bits;
  Passes sums{bits, allocate_sums(bits), allocate_sums(bits)};
  ask_buckets(target);
  side_buckets(source, sums.source);
  read_buckets(target, bits, sums.target);
  return sums;
}

// Whether the target's bucket of the baseline's division is as the baseline has it; one byte each.
uint8* agreement(const Passes& sums, const Baseline& baseline, const Digest* target_sums) {
  if (target_sums == nullptr) target_sums = folded(sums.target, sums.bits, baseline.bits);
  auto* agrees = static_cast<uint8*>(palloc(Size{1} << baseline.bits));
  for (int i = 0; i < 1 << baseline.bits; ++i)
    agrees[i] = equal(target_sums[i], baseline.sums[i]) ? 1 : 0;
  return agrees;
}

void count_same(const Passes& sums, const Baseline& baseline, const uint8* agrees, Found* out) {
  const int finer = sums.bits - baseline.bits;
  for (int i = 0; i < 1 << baseline.bits; ++i) {
    if (agrees[i] != 0) continue;
    bool differ = false;
    for (int j = i << finer; j < (i + 1) << finer; ++j)
      differ = differ || !equal(sums.source[j], sums.target[j]);
    out->same += differ ? 0 : 1;
  }
}

// The buckets to look into, at most as many as hold `limit` rows: first those in which the target
// is not as the baseline has it, then, if asked for, those in which the source has changed since.
uint8* choose(const Passes& sums, const Baseline* baseline, const uint8* agrees, Size limit,
              Question question, Found* out) {
  auto* wanted = static_cast<uint8*>(palloc0(((Size{1} << sums.bits) + 7) / 8));
  uint64 rows = 0;
  for (int turn = 0; turn < 2; ++turn) {
    const bool later = turn == 1;
    for (int i = 0; i < 1 << sums.bits; ++i) {
      if (equal(sums.source[i], sums.target[i])) continue;
      const bool agreed = baseline != nullptr && agrees[i >> (sums.bits - baseline->bits)] != 0;
      if (agreed != later) continue;
      ++(later ? out->later : out->differing);
      if (later && question == Question::kCopy) continue;
      const uint64 more = sums.source[i].rows + sums.target[i].rows;
      if (rows > 0 && rows + more > limit) continue;
      rows += more;
      ++(later ? out->later_examined : out->examined);
      wanted[i >> 3] |= static_cast<uint8>(1U << (i & 7));
    }
  }
  return wanted;
}

struct SourceSink : RowSink {
  EntryList* source;
  EntryList* target;
  Peer* peer;
};

// While the source is read, so that the worker need not wait for room in its queue.
void take_waiting(RowSink* self) {
  auto* sink = static_cast<SourceSink*>(self);
  core::RowEntry entry;
  while (answer_waits(sink->peer) && !sink->peer->answered && read_row(sink->peer, &entry))
    add_entry(sink->target, entry);
}

void second_pass(const Side& source, Peer* target, const uint8* wanted, EntryList* of_source,
                 EntryList* of_target) {
  ask_rows(target, wanted, source.plan.bits);
  SourceSink sink{};
  sink.add = [](RowSink* self, const core::RowEntry& entry) {
    add_entry(static_cast<SourceSink*>(self)->source, entry);
  };
  sink.page = take_waiting;
  sink.source = of_source;
  sink.target = of_target;
  sink.peer = target;
  side_rows(source, wanted, &sink);
  core::RowEntry entry;
  while (read_row(target, &entry)) add_entry(of_target, entry);
  end_answer(target);
  finish_entries(of_source);
  finish_entries(of_target);
}

const core::U128& key_of(const core::RowDifference& d) {
  return d.a != nullptr ? d.a->key : d.b->key;
}

// Which side the backup agrees with. `whole`: all differences of a bucket are at hand, and the sums
// are comparable; otherwise only the buckets count in which the target is as the backup was.
void decide(const Passes& sums, const Baseline& baseline, const uint8* agrees, bool whole,
            Found* found) {
  const Digest* target = folded(sums.target, sums.bits, baseline.bits);
  for (Size i = 0; i < found->count;) {
    const int bucket = core::bucket_of(key_of(found->items[i]), baseline.bits);
    Size end = i;
    while (end < found->count &&
           core::bucket_of(key_of(found->items[end]), baseline.bits) == bucket)
      ++end;
    if (agrees[bucket] != 0)
      for (Size j = i; j < end; ++j) found->items[j].agrees = core::Agrees::kB;
    else if (whole)
      core::decide_bucket(found->items + i, end - i, target[bucket], baseline.sums[bucket]);
    i = end;
  }
}

}  // namespace

Size entry_limit() {
  // A row costs its entry and, if it differs, one of the result.
  constexpr Size kEach = sizeof(core::RowEntry) + sizeof(core::RowDifference);
  const Size limit = static_cast<Size>(maintenance_work_mem) * 1024 / kEach;
  return limit < kLeastEntries ? kLeastEntries : limit;
}

void finish_entries(EntryList* list) {
  core::sort_entries(list->items, list->count);
  list->count = core::compact_entries(list->items, list->count);
}

void add_entry(EntryList* list, const core::RowEntry& entry) {
  if (list->count == list->room) {
    // Much room must be free afterwards, or each further row would sort everything again.
    if (list->room >= list->limit) finish_entries(list);
    if (list->count >= list->room / 2) {
      if (list->room >= 4 * list->limit)
        ereport(ERROR,
                (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many rows share a key"),
                 errdetail("More than %s different rows lie in one key bucket.",
                           psprintf(UINT64_FORMAT, static_cast<uint64>(list->count))),
                 errhint("Is the key still unique on both sides? Raising maintenance_work_mem "
                         "allows for more rows.")));
      CHECK_FOR_INTERRUPTS();
      list->room = list->room == 0 ? 1024 : 2 * list->room;
      const Size bytes = sizeof(core::RowEntry) * list->room;
      list->items = static_cast<core::RowEntry*>(
          list->items == nullptr ? MemoryContextAllocHuge(CurrentMemoryContext, bytes)
                                 : repalloc_huge(list->items, bytes));
    }
  }
  list->items[list->count++] = entry;
}

void find_differences(Side* source, Peer* target, const Baseline* baseline,
                      const core::Digest* target_sums, Question question, Found* out) {
  *out = Found{};
  const Passes sums = first_pass(source, target);
  const uint8* agrees = nullptr;
  if (baseline != nullptr) {
    agrees = agreement(sums, *baseline, target_sums);
    count_same(sums, *baseline, agrees, out);
  }
  const uint8* wanted = choose(sums, baseline, agrees, entry_limit(), question, out);
  if (out->examined + out->later_examined == 0) return;

  EntryList of_source{nullptr, 0, 0, entry_limit()};
  EntryList of_target{nullptr, 0, 0, entry_limit()};
  second_pass(*source, target, wanted, &of_source, &of_target);
  out->items = static_cast<core::RowDifference*>(MemoryContextAllocHuge(
      CurrentMemoryContext, sizeof(core::RowDifference) * (of_source.count + of_target.count + 1)));
  out->count = core::match_entries(of_source.items, of_source.count, of_target.items,
                                   of_target.count, out->items);
  for (Size i = 0; i < out->count; ++i) out->rows += out->items[i].count;
  if (baseline != nullptr)
    decide(sums, *baseline, agrees, target_sums == nullptr && out->examined == out->differing, out);
}

}  // namespace pgdr
