#include "engine/fixed_row.hpp"

#include <algorithm>
#include <cstring>

namespace pgdr {

namespace {

// Of a type whose canonical payload is as long as its value; 0 for the others.
uint32 payload_length(const Field& field) {
  switch (field.kind) {
    case Kind::kFixed1:
      return 1;
    case Kind::kFixed2:
      return 2;
    case Kind::kFixed4:
    case Kind::kFloat4:
      return 4;
    case Kind::kFixed8:
    case Kind::kFloat8:
      return 8;
    case Kind::kBytes:
      return static_cast<uint32>(field.length);
    default:
      return 0;
  }
}

void add(Moves* moves, uint32 from, uint32 to) { moves->items[moves->count++] = Move{from, to}; }

void add_field(FixedRow* fixed, const Field& field, uint32 from, uint32 to) {
  switch (field.kind) {
    case Kind::kFixed1:
      add(&fixed->one, from, to);
      break;
    case Kind::kFixed2:
      add(&fixed->two, from, to);
      break;
    case Kind::kFixed4:
      add(&fixed->four, from, to);
      break;
    case Kind::kFixed8:
      add(&fixed->eight, from, to);
      break;
    case Kind::kFloat4:
      add(&fixed->floats, from, to);
      break;
    case Kind::kFloat8:
      add(&fixed->doubles, from, to);
      break;
    default:
      // Bytes have no order to turn round on a machine that stores numbers the other way.
      for (uint32 i = 0; i < static_cast<uint32>(field.length); ++i)
        add(&fixed->one, from + i, to + i);
  }
}

// All columns at places that are the same in every tuple, and of lengths that are known.
bool is_fixed(const RowPlan& plan, const Projection& columns, uint32* bytes) {
  *bytes = 0;
  for (int i = 0; i < columns.count; ++i) {
    const Field& field = columns.fields[i];
    const uint32 length = payload_length(field);
    if (length == 0 || field.attribute >= plan.fixed_count) return false;
    *bytes += length;
  }
  return columns.count > 0;
}

Moves moves_for(PlanCache* cache, uint32 most) {
  return Moves{0, static_cast<Move*>(MemoryContextAlloc(cache->context, sizeof(Move) * most))};
}

}  // namespace

FixedRow* fixed_row(PlanCache* cache, const RowPlan& plan, const Projection& columns) {
  uint32 bytes = 0;
  if (!is_fixed(plan, columns, &bytes)) return nullptr;
  auto* fixed = static_cast<FixedRow*>(MemoryContextAllocZero(cache->context, sizeof(FixedRow)));
  fixed->size = 4 + 4 * static_cast<Size>(columns.count) + bytes;
  fixed->stride = MAXALIGN(fixed->size);
  const auto fitting = static_cast<int>(kBatchBytes / fixed->stride);
  fixed->capacity = fitting < 1 ? 1 : fitting > kBatchRows ? kBatchRows : fitting;
  fixed->images = static_cast<uint8*>(
      MemoryContextAllocZero(cache->context, fixed->stride * static_cast<Size>(fixed->capacity)));
  Moves* const all[] = {&fixed->eight, &fixed->four,    &fixed->two,
                        &fixed->one,   &fixed->doubles, &fixed->floats};
  for (Moves* moves : all) *moves = moves_for(cache, bytes);
  int natts = 0;
  Size values = 0;
  uint8* p = core::store_u32(fixed->images, static_cast<uint32>(columns.count));
  for (int i = 0; i < columns.count; ++i) {
    const Field& field = columns.fields[i];
    const uint32 length = payload_length(field);
    p = core::store_u32(p, length);
    add_field(fixed, field, plan.fixed_offsets[field.attribute],
              static_cast<uint32>(p - fixed->images));
    p += length;
    natts = std::max(natts, field.attribute + 1);
    values = std::max(values, plan.fixed_offsets[field.attribute] + Size{length});
  }
  fixed->header = plain_header(natts, plan.natts_limit, values, 0);
  for (int i = 1; i < fixed->capacity; ++i)
    std::memcpy(fixed->images + fixed->stride * static_cast<Size>(i), fixed->images, fixed->size);
  return fixed;
}

}  // namespace pgdr
