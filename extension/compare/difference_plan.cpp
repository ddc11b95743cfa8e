#include "compare/difference_plan.hpp"

namespace pgdr {

namespace {

NameList empty_list(int room) {
  return {0, static_cast<const char**>(palloc(sizeof(char*) * static_cast<Size>(room + 1)))};
}

void add_name(NameList* list, const char* name) { list->names[list->count++] = name; }

bool contains(const NameList& list, const char* name) {
  for (int i = 0; i < list.count; ++i)
    if (strcmp(list.names[i], name) == 0) return true;
  return false;
}

bool contains_all(const NameList& list, const NameList& names) {
  for (int i = 0; i < names.count; ++i)
    if (!contains(list, names.names[i])) return false;
  return true;
}

int bits_for(uint32 blocks, int least) {
  int bits = least;
  while (bits < kDifferenceBitsMax && blocks >> bits != 0) ++bits;
  return bits;
}

}  // namespace

const SideColumn* find_column(const SideDescription& side, const char* name) {
  for (int i = 0; i < side.count; ++i)
    if (strcmp(side.columns[i].name, name) == 0) return &side.columns[i];
  return nullptr;
}

bool same_names(const NameList& a, const NameList& b) {
  return contains_all(a, b) && contains_all(b, a);
}

RowsPlan plan_comparison(const SideDescription& source, const SideDescription& target,
                         const Baseline* baseline, Results* results) {
  RowsPlan plan{};
  plan.columns = empty_list(source.count);
  for (int i = 0; i < source.count; ++i) {
    const SideColumn& column = source.columns[i];
    const SideColumn* other = find_column(target, column.name);
    if (other == nullptr)
      results->put({"missing", nullptr, column.name, column.type, nullptr,
                    "the target has no such column: not compared"});
    else if (strcmp(column.base, other->base) != 0)
      results->put({"changed", nullptr, column.name, column.type, other->type,
                    "the column's type differs: not compared"});
    else if (baseline == nullptr || !(column.generated || other->generated))
      add_name(&plan.columns, column.name);
  }
  for (int i = 0; i < target.count; ++i)
    if (find_column(source, target.columns[i].name) == nullptr)
      results->put({"extra", nullptr, target.columns[i].name, nullptr, target.columns[i].type,
                    "only the target has this column: not compared"});
  const NameList& key = baseline != nullptr        ? baseline->key
                        : source.primary.count > 0 ? source.primary
                                                   : source.unique;
  plan.key = contains_all(plan.columns, key) ? key : empty_list(0);
  const uint32 blocks = source.blocks > target.blocks ? source.blocks : target.blocks;
  plan.bits = bits_for(blocks, baseline != nullptr ? baseline->bits : 0);
  return plan;
}

RowsPlan plan_baseline(const SideDescription& side, const Baseline& baseline) {
  RowsPlan plan{baseline.bits, empty_list(side.count), baseline.key};
  for (int i = 0; i < side.count; ++i)
    if (!side.columns[i].generated) add_name(&plan.columns, side.columns[i].name);
  return plan;
}

}  // namespace pgdr
