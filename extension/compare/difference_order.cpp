#include "compare/difference_order.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "compare/difference_plan.hpp"
#include "compare/difference_text.hpp"

namespace pgdr {

namespace {

int compare_numbers(const char* a, const char* b) {
  const long double x = std::strtold(a, nullptr);
  const long double y = std::strtold(b, nullptr);
  if (x < y) return -1;
  return x > y ? 1 : 0;
}

int compare_keys(const Ordered& a, const Ordered& b, int count, const bool* numbers) {
  for (int i = 0; i < count; ++i) {
    if (a.key[i] == nullptr || b.key[i] == nullptr) {
      if (a.key[i] == b.key[i]) continue;
      return a.key[i] == nullptr ? 1 : -1;
    }
    int order = numbers[i] ? compare_numbers(a.key[i], b.key[i]) : 0;
    if (order == 0) order = strcmp(a.key[i], b.key[i]);
    if (order != 0) return order;
  }
  return 0;
}

auto place(const Ordered& row) {
  return std::make_tuple(row.entry->leaf, row.entry->block, row.entry->offset, row.remote);
}

}  // namespace

Size first_by_place(Ordered* rows, Size count, Size most) {
  std::sort(rows, rows + count,
            [](const Ordered& a, const Ordered& b) { return place(a) < place(b); });
  return count < most ? count : most;
}

void order_by_key(Ordered* rows, Size count, const NameList& key,
                  const SideDescription& description) {
  if (key.count == 0) return;
  auto* numbers = static_cast<bool*>(palloc0(sizeof(bool) * static_cast<Size>(key.count)));
  for (int i = 0; i < key.count; ++i) {
    const SideColumn* column = find_column(description, key.names[i]);
    numbers[i] = column != nullptr && column->number;
  }
  const int columns = key.count;
  std::sort(rows, rows + count, [columns, numbers](const Ordered& a, const Ordered& b) {
    const int order = compare_keys(a, b, columns, numbers);
    return order != 0 ? order < 0 : place(a) < place(b);
  });
}

char* key_text(const NameList& key, const char* const* values) {
  if (key.count == 0) return nullptr;
  StringInfoData text;
  initStringInfo(&text);
  for (int i = 0; i < key.count; ++i)
    appendStringInfo(&text, "%s%s", i == 0 ? "(" : ", ", quote_identifier(key.names[i]));
  appendStringInfoString(&text, ")=");
  for (int i = 0; i < key.count; ++i)
    appendStringInfo(&text, "%s%s", i == 0 ? "(" : ", ", values[i] == nullptr ? "NULL" : values[i]);
  appendStringInfoChar(&text, ')');
  return text.data;
}

}  // namespace pgdr
