// Ranges and multiranges: flags, then each bound that is not infinite. Sources of the layouts:
// "On-disk representation" in PostgreSQL's rangetypes.c, write_multirange_data in
// multirangetypes.c.
#include "encode/encode.hpp"

#include "core/canonical.hpp"

namespace pgdr {

namespace {

using core::load_native;
using core::Sink;

// Stored flags: utils/rangetypes.h.
bool has_lower(uint8 flags) { return (flags & (RANGE_EMPTY | RANGE_LB_NULL | RANGE_LB_INF)) == 0; }
bool has_upper(uint8 flags) { return (flags & (RANGE_EMPTY | RANGE_UB_NULL | RANGE_UB_INF)) == 0; }

// The bounds lie in base[offset..end); the alignment of the second one counts from `base`.
void write_range(Encoder* encoder, TypePlan* bound, uint8 flags, const char* base, Size offset,
                 Size end, Sink& sink) {
  if ((flags & RANGE_EMPTY) != 0) {
    sink.u8(core::kRangeEmpty);
    return;
  }
  if ((flags & (RANGE_LB_NULL | RANGE_UB_NULL)) != 0) corrupt_value("a range");
  uint8 canonical = 0;
  if ((flags & RANGE_LB_INC) != 0) canonical |= core::kRangeLowerInclusive;
  if ((flags & RANGE_UB_INC) != 0) canonical |= core::kRangeUpperInclusive;
  if ((flags & RANGE_LB_INF) != 0) canonical |= core::kRangeLowerInfinite;
  if ((flags & RANGE_UB_INF) != 0) canonical |= core::kRangeUpperInfinite;
  sink.u8(canonical);
  if (has_lower(flags)) {
    if (offset >= end) corrupt_value("a range");
    const Size size = bounded_size(base + offset, bound->length, end - offset);
    encode_field(encoder, bound, base + offset, sink);
    offset += size;
  }
  if (has_upper(flags)) {
    offset = aligned_place(base, offset, end, bound->length, bound->align);
    (void)bounded_size(base + offset, bound->length, end - offset);
    encode_field(encoder, bound, base + offset, sink);
  }
}

#if PG_VERSION_NUM >= 140000

constexpr uint32 kItemIsOffset = 0x80000000;
constexpr uint32 kItemValue = 0x7FFFFFFF;

// Items of four bytes for all ranges but the first, flags of one byte for each, the bounds. An item
// is the length of the range before or, every few of them, the place where its own range begins.
struct Ranges {
  uint32 count;
  const char* items;
  const char* flags;
  const char* bounds;
  Size length;  // of the bounds

  // Where range i + 1 begins, given the beginning of range i.
  Size next(uint32 i, Size begin) const {
    if (i + 1 >= count) return length;
    const auto item = load_native<uint32>(items + Size{i} * sizeof(uint32));
    const Size value = item & kItemValue;
    const Size place = (item & kItemIsOffset) != 0 ? value : begin + value;
    if (place < begin || place > length) corrupt_value("a multirange");
    return place;
  }
};

Ranges open_ranges(const MultirangeType* multirange, Size size, Size align) {
  if (size < sizeof(MultirangeType)) corrupt_value("a multirange");
  const char* begin = reinterpret_cast<const char*>(multirange);
  Ranges ranges{multirange->rangeCount, begin + sizeof(MultirangeType), nullptr, nullptr, 0};
  if (ranges.count == 0) return ranges;
  const Size items = Size{ranges.count - 1} * sizeof(uint32);
  Size place = sizeof(MultirangeType) + items + ranges.count;
  place = (place + align - 1) & ~(align - 1);
  if (place > size) {
    // Nothing may follow the flags: a single range without bounds.
    if (sizeof(MultirangeType) + items + ranges.count > size) corrupt_value("a multirange");
    place = size;
  }
  ranges.flags = ranges.items + items;
  ranges.bounds = begin + place;
  ranges.length = size - place;
  return ranges;
}

#endif

}  // namespace

void encode_range(Encoder* encoder, TypePlan* plan, const char* stored, Sink& sink) {
  check_stack_depth();
  const auto* range = reinterpret_cast<const RangeType*>(open_aligned(encoder, stored));
  const Size size = VARSIZE(range);
  if (size < sizeof(RangeType) + 1 || range->rangetypid != plan->type) corrupt_value("a range");
  const char* base = reinterpret_cast<const char*>(range);
  const auto flags = static_cast<uint8>(base[size - 1]);
  write_range(encoder, element_plan(&encoder->plans, plan), flags, base, sizeof(RangeType),
              size - 1, sink);
}

void encode_multirange([[maybe_unused]] Encoder* encoder, [[maybe_unused]] TypePlan* plan,
                       [[maybe_unused]] const char* stored, [[maybe_unused]] Sink& sink) {
#if PG_VERSION_NUM >= 140000
  check_stack_depth();
  const auto* multirange = reinterpret_cast<const MultirangeType*>(open_aligned(encoder, stored));
  TypePlan* range = element_plan(&encoder->plans, plan);
  TypePlan* bound = element_plan(&encoder->plans, range);
  const Size size = VARSIZE(multirange);
  const Ranges ranges = open_ranges(multirange, size, bound->align);
  if (multirange->multirangetypid != plan->type) corrupt_value("a multirange");
  sink.u32(ranges.count);
  Size begin = 0;
  for (uint32 i = 0; i < ranges.count; ++i) {
    const Size end = ranges.next(i, begin);
    const auto flags = static_cast<uint8>(ranges.flags[i]);
    sink.framed(
        [&](Sink& inner) { write_range(encoder, bound, flags, ranges.bounds, begin, end, inner); });
    begin = end;
  }
#endif
}

}  // namespace pgdr
