// jsonpath: its tree. The text of a path is not the same on every version: since 17 a number before
// a method is put in parentheses. Source of the layout and of the types' numbers, which pg_upgrade
// keeps as they are: PostgreSQL's utils/jsonpath.h.
#include "encode.hpp"
#include "numeric.hpp"

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

void write_string(const char* bytes, int32 length, Sink& sink) {
  sink.u32(static_cast<uint32>(length));
  sink.bytes(bytes, static_cast<Size>(length));
}

void write_number(Numeric value, Sink& sink) {
  const auto* datum = reinterpret_cast<const varlena*>(value);
  const core::Numeric number =
      open_numeric(reinterpret_cast<const uint8*>(VARDATA_ANY(datum)), VARSIZE_ANY_EXHDR(datum));
  sink.u32(static_cast<uint32>(number.size()));
  number.write(sink);
}

void write_item(JsonPathItem* item, Sink& sink);

// An operand; 0 stands for one that is not there, which only methods' arguments may be.
void write_operand(const JsonPathItem* item, int32 position, Sink& sink) {
  sink.u8(position != 0 ? 1 : 0);
  if (position == 0) return;
  JsonPathItem operand;
  jspInitByBuffer(&operand, item->base, position);
  write_item(&operand, sink);
}

void write_subscripts(const JsonPathItem* item, Sink& sink) {
  sink.u32(static_cast<uint32>(item->content.array.nelems));
  for (int32 i = 0; i < item->content.array.nelems; ++i) {
    write_operand(item, item->content.array.elems[i].from, sink);
    write_operand(item, item->content.array.elems[i].to, sink);
  }
}

void write_content(JsonPathItem* item, Sink& sink) {
  switch (shape_of(item->type)) {
    case Shape::kNothing:
      break;
    case Shape::kBool:
      sink.u8(jspGetBool(item) ? 1 : 0);
      break;
    case Shape::kString:
      write_string(item->content.value.data, item->content.value.datalen, sink);
      break;
    case Shape::kNumber:
      write_number(jspGetNumeric(item), sink);
      break;
    case Shape::kTwo:
      write_operand(item, item->content.args.left, sink);
      write_operand(item, item->content.args.right, sink);
      break;
    case Shape::kOne:
      write_operand(item, item->content.arg, sink);
      break;
    case Shape::kSubscripts:
      write_subscripts(item, sink);
      break;
    case Shape::kLevels:
      sink.u32(item->content.anybounds.first);
      sink.u32(item->content.anybounds.last);
      break;
    case Shape::kRegex:
      write_operand(item, item->content.like_regex.expr, sink);
      write_string(item->content.like_regex.pattern, item->content.like_regex.patternlen, sink);
      sink.u32(item->content.like_regex.flags);
      break;
  }
}

// The item and what follows it in its path, accessor by accessor, then a byte 0xFF.
void write_item(JsonPathItem* item, Sink& sink) {
  check_stack_depth();
  for (JsonPathItem at = *item;;) {
    sink.u8(static_cast<uint8>(at.type));
    write_content(&at, sink);
    JsonPathItem next;
    if (!jspGetNext(&at, &next)) break;
    at = next;
  }
  sink.u8(0xFF);
}

}  // namespace

void encode_jsonpath(JsonPath* path, Sink& sink) {
  sink.u8((path->header & JSONPATH_LAX) != 0 ? 1 : 0);
  JsonPathItem root;
  jspInit(&root, path);
  write_item(&root, sink);
}

}  // namespace pgdr
