// jsonpath: its tree. The text of a path is not the same on every version: since 17 a number before
// a method is put in parentheses. Source of the layout and of the types' numbers, which pg_upgrade
// keeps as they are: PostgreSQL's utils/jsonpath.h, jspInitByBuffer in jsonpath.c.
#include "encode/encode.hpp"
#include "encode/numeric.hpp"

namespace pgdr {

namespace {

using core::Sink;

// What an item consists of.
enum class Shape { kNothing, kBool, kString, kNumber, kTwo, kOne, kSubscripts, kLevels, kRegex };

Shape shape_of(JsonPathItemType type) {
  switch (type) {
    case jpiNull:
    case jpiAnyArray:
    case jpiAnyKey:
    case jpiCurrent:
    case jpiRoot:
    case jpiType:
    case jpiSize:
    case jpiAbs:
    case jpiFloor:
    case jpiCeiling:
    case jpiDouble:
    case jpiKeyValue:
    case jpiLast:
      return Shape::kNothing;
    case jpiBool:
      return Shape::kBool;
    case jpiString:
    case jpiKey:
    case jpiVariable:
      return Shape::kString;
    case jpiNumeric:
      return Shape::kNumber;
    case jpiAnd:
    case jpiOr:
    case jpiEqual:
    case jpiNotEqual:
    case jpiLess:
    case jpiGreater:
    case jpiLessOrEqual:
    case jpiGreaterOrEqual:
    case jpiAdd:
    case jpiSub:
    case jpiMul:
    case jpiDiv:
    case jpiMod:
    case jpiStartsWith:
      return Shape::kTwo;
    case jpiNot:
    case jpiIsUnknown:
    case jpiPlus:
    case jpiMinus:
    case jpiFilter:
    case jpiExists:
    case jpiDatetime:
      return Shape::kOne;
    case jpiIndexArray:
      return Shape::kSubscripts;
    case jpiAny:
      return Shape::kLevels;
    case jpiLikeRegex:
      return Shape::kRegex;
// Further methods: 17 (66ea94e8e606).
#if PG_VERSION_NUM >= 170000
    case jpiBigint:
    case jpiBoolean:
    case jpiDate:
    case jpiInteger:
    case jpiNumber:
    case jpiStringFunc:
      return Shape::kNothing;
    case jpiTime:
    case jpiTimeTz:
    case jpiTimestamp:
    case jpiTimestampTz:
      return Shape::kOne;
    case jpiDecimal:
      return Shape::kTwo;
#endif
    default:
      ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                      errmsg("unknown item %d in a value of type jsonpath", type)));
  }
  return Shape::kNothing;
}

// The parts of an item that are numbers, and what follows them.
int32 number_at(const uint8* p) { return core::load_native<int32>(p); }

[[noreturn]] void corrupt_jsonpath() { corrupt_value("a jsonpath"); }

// One path. Positions in an item count from the item's own beginning and always lead forward; items
// share no bytes, so that there are no more of them than fit.
class Writer {
 public:
  Writer(const Payload& payload, Sink& sink)
      : data_(payload.data),
        end_(payload.length),
        items_left_(payload.length / kItemLeast),
        sink_(sink) {}

  void write_path();

 private:
  static constexpr Size kItemLeast = 1 + sizeof(int32);  // type, next

  // From `place` on there must be so many bytes.
  const uint8* take(Size* place, Size bytes) const {
    if (*place > end_ || bytes > end_ - *place) corrupt_jsonpath();
    const uint8* p = data_ + *place;
    *place += bytes;
    return p;
  }
  int32 take_number(Size* place) const { return number_at(take(place, sizeof(int32))); }
  Size target(Size item, int32 position) const {
    if (position <= 0 || static_cast<Size>(position) >= end_ - item) corrupt_jsonpath();
    return item + static_cast<Size>(position);
  }

  void write_string(Size* place);
  void write_operand(Size item, int32 position);
  void write_subscripts(Size item, Size* place);
  void write_content(JsonPathItemType type, Size item, Size place);
  void write_item(Size item);

  const uint8* data_;  // of the varlena's payload: the header's word, then the items
  Size end_;
  Size items_left_;
  Sink& sink_;
};

void Writer::write_string(Size* place) {
  const int32 length = take_number(place);
  if (length < 0) corrupt_jsonpath();
  const uint8* bytes = take(place, static_cast<Size>(length));
  sink_.u32(static_cast<uint32>(length));
  sink_.bytes(bytes, static_cast<Size>(length));
}

// An operand; 0 stands for one that is not there, which only methods' arguments may be.
void Writer::write_operand(Size item, int32 position) {
  sink_.u8(position != 0 ? 1 : 0);
  if (position != 0) write_item(target(item, position));
}

void Writer::write_subscripts(Size item, Size* place) {
  const int32 count = take_number(place);
  if (count < 0 || static_cast<Size>(count) > (end_ - *place) / (2 * sizeof(int32)))
    corrupt_jsonpath();
  sink_.u32(static_cast<uint32>(count));
  for (int32 i = 0; i < count; ++i) {
    const int32 from = take_number(place);
    const int32 to = take_number(place);
    write_operand(item, from);
    write_operand(item, to);
  }
}

void Writer::write_content(JsonPathItemType type, Size item, Size place) {
  switch (shape_of(type)) {
    case Shape::kNothing:
      break;
    case Shape::kBool:
      sink_.u8(*take(&place, 1) != 0 ? 1 : 0);
      break;
    case Shape::kString:
      write_string(&place);
      break;
    case Shape::kNumber: {
      const uint8* stored = take(&place, 0);
      const core::Numeric number = open_inner_numeric(stored, end_ - place);
      sink_.u32(static_cast<uint32>(number.size()));
      number.write(sink_);
      break;
    }
    case Shape::kTwo: {
      const int32 left = take_number(&place);
      const int32 right = take_number(&place);
      write_operand(item, left);
      write_operand(item, right);
      break;
    }
    case Shape::kOne:
      write_operand(item, take_number(&place));
      break;
    case Shape::kSubscripts:
      write_subscripts(item, &place);
      break;
    case Shape::kLevels:
      sink_.u32(static_cast<uint32>(take_number(&place)));
      sink_.u32(static_cast<uint32>(take_number(&place)));
      break;
    case Shape::kRegex: {
      const auto flags = static_cast<uint32>(take_number(&place));
      write_operand(item, take_number(&place));
      write_string(&place);
      sink_.u32(flags);
      break;
    }
  }
}

// The item and what follows it in its path, accessor by accessor, then a byte 0xFF.
void Writer::write_item(Size item) {
  check_stack_depth();
  for (;;) {
    if (items_left_-- == 0) corrupt_jsonpath();
    Size place = item;
    const uint8 type = *take(&place, 1);
    place = (place + ALIGNOF_INT - 1) & ~Size{ALIGNOF_INT - 1};
    const int32 next = take_number(&place);
    sink_.u8(type);
    write_content(static_cast<JsonPathItemType>(type), item, place);
    if (next == 0) break;
    item = target(item, next);
  }
  sink_.u8(0xFF);
}

void Writer::write_path() {
  Size place = 0;
  const auto header = static_cast<uint32>(take_number(&place));
  if ((header & ~JSONPATH_LAX) != JSONPATH_VERSION) corrupt_jsonpath();
  sink_.u8((header & JSONPATH_LAX) != 0 ? 1 : 0);
  write_item(place);
}

}  // namespace

void encode_jsonpath(const Payload& payload, core::Sink& sink) {
  Writer(payload, sink).write_path();
}

}  // namespace pgdr
