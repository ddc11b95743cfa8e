// What output functions of the server take for granted: that the counts in a value fit its length.
// Checked before the function is called, for types whose storage is known. Sources of the layouts:
// PostgreSQL's tsearch/ts_type.h, xid8funcs.c (pg_snapshot), contrib/cube/cubedata.h.
#include <cstring>

#include "encode/encode.hpp"

namespace pgdr {

namespace {

using core::load_native;

// tsquery: u32 number of items, items, the operands' texts. Operators come before their operands,
// the right one first; `left` says where the other one is.
struct Query {
  const uint8* items;
  uint32 count;
  const uint8* texts;
  Size room;

  // The item after the expression that begins with item i.
  uint32 end_of(uint32 i) const {
    check_stack_depth();
    if (i >= count) corrupt_value("a tsquery");
    const auto item = load_native<QueryItem>(items + Size{i} * sizeof(QueryItem));
    if (item.type == QI_VAL) {
      const Size begin = item.qoperand.distance;
      if (begin >= room || std::memchr(texts + begin, '\0', room - begin) == nullptr)
        corrupt_value("a tsquery");
      return i + 1;
    }
    const auto oper = item.qoperator.oper;
    if (item.type != QI_OPR || oper < OP_NOT || oper > OP_COUNT) corrupt_value("a tsquery");
    const uint32 end = end_of(i + 1);
    if (oper == OP_NOT) return end;
    if (item.qoperator.left != end - i) corrupt_value("a tsquery");
    return end_of(end);
  }
};

void check_query(const Payload& payload) {
  if (payload.length < sizeof(int32)) corrupt_value("a tsquery");
  const auto count = load_native<uint32>(payload.data);
  const Size left = payload.length - sizeof(int32);
  if (count > left / sizeof(QueryItem)) corrupt_value("a tsquery");
  const Size bytes = Size{count} * sizeof(QueryItem);
  const uint8* items = payload.data + sizeof(int32);
  const Query query{items, count, items + bytes, left - bytes};
  if (count > 0 && query.end_of(0) != count) corrupt_value("a tsquery");
}

void check_snapshot(const Payload& payload) {
  constexpr Size kHead = sizeof(uint32) + 2 * sizeof(uint64);
  if (payload.length < kHead ||
      load_native<uint32>(payload.data) > (payload.length - kHead) / sizeof(uint64))
    corrupt_value("a pg_snapshot");
}

void check_cube(const Payload& payload) {
  constexpr uint32 kPoint = 0x80000000;
  if (payload.length < sizeof(uint32)) corrupt_value("a cube");
  const auto head = load_native<uint32>(payload.data);
  const Size corners = (head & kPoint) != 0 ? 1 : 2;
  if (Size{head & ~kPoint} * corners > (payload.length - sizeof(uint32)) / sizeof(float8))
    corrupt_value("a cube");
}

}  // namespace

void check_inner(Inner inner, const Payload& payload) {
  switch (inner) {
    case Inner::kUnknown:
      break;
    case Inner::kQuery:
      check_query(payload);
      break;
    case Inner::kSnapshot:
      check_snapshot(payload);
      break;
    case Inner::kCube:
      check_cube(payload);
      break;
  }
}

}  // namespace pgdr
