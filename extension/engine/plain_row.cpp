#include "engine/plain_row.hpp"

#include <algorithm>
#include <bit>

namespace pgdr {

namespace {

// True of values whose canonical payload is their bytes, and no longer than a word.
bool is_word(const Field& field) {
  switch (field.kind) {
    case Kind::kFixed1:
    case Kind::kFixed2:
    case Kind::kFixed4:
    case Kind::kFixed8:
    case Kind::kBytes:
    case Kind::kInterval:  // both forms: microseconds, days, months
    case Kind::kTimetz:    // microseconds, zone
      return field.length > 0 && static_cast<Size>(field.length) <= kWord;
    default:
      return false;
  }
}

template <typename T>
T* allocate(PlanCache* cache, int count) {
  return static_cast<T*>(
      MemoryContextAllocZero(cache->context, sizeof(T) * static_cast<Size>(count + 1)));
}

struct Builder {
  const RowPlan& plan;
  PlainRow* plain;

  bool known(int attribute) const { return attribute < plain->first; }

  // rows->where is to have the column.
  void look_up(int attribute) const {
    if (known(attribute))
      plain->places[plain->place_count++] = {attribute, plan.fixed_offsets[attribute]};
    else if (attribute >= plain->last)
      plain->last = attribute + 1;
  }
};

}  // namespace

Located locate_other(const Attribute& att, const char* base, const char* place, const char* end) {
  const Size offset = aligned_place(base, static_cast<Size>(place - base),
                                    static_cast<Size>(end - base), att.length, att.align);
  const char* value = base + offset;
  const auto room = static_cast<Size>(end - value);
  return {value, att.length == -1 ? readable_varlena_size(value, room)
                                  : bounded_size(value, att.length, room)};
}

PlainRow* plain_row(PlanCache* cache, const RowPlan& plan) {
  if constexpr (std::endian::native != std::endian::little) return nullptr;
  const Projection& columns = plan.columns;
  auto* plain = allocate<PlainRow>(cache, 1);
  const Builder builder{plan, plain};
  auto* values = allocate<Known>(cache, columns.count);
  plain->runs = allocate<Run>(cache, columns.count);
  plain->places = allocate<Place>(cache, columns.count + plan.key.count);
  plain->first = plan.fixed_count;
  if (plan.fixed_count > 0) {
    const Attribute& last = plan.attributes[plan.fixed_count - 1];
    plain->from = plan.fixed_offsets[plan.fixed_count - 1];
    if (last.length > 0)
      plain->from += static_cast<Size>(last.length);
    else
      --plain->first;
  }

  int natts = 0;
  Run* run = plain->runs;
  run->values = values;
  for (int i = 0; i < columns.count; ++i) {
    const Field& field = columns.fields[i];
    natts = std::max(natts, field.attribute + 1);
    if (is_word(field) && builder.known(field.attribute)) {
      *values++ = {plan.fixed_offsets[field.attribute], static_cast<uint32>(field.length)};
      continue;
    }
    builder.look_up(field.attribute);
    run->end = values;
    run->next = &field;
    (++run)->values = values;
  }
  run->end = values;
  plain->header = plain_header(natts, plan.natts_limit, plain->from, HEAP_HASEXTERNAL);
  for (int i = 0; i < plan.key.count; ++i) builder.look_up(plan.key.fields[i].attribute);
  return plain;
}

}  // namespace pgdr
