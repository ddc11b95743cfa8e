// Walks a stored jsonb value. Source of the layout: PostgreSQL's utils/jsonb.h. Every offset in it
// is relative to the container, so it need not be aligned in memory.
#include "encode.hpp"
#include "numeric.hpp"

namespace pgdr {

namespace {

using core::JsonTag;
using core::Sink;

uint32 word(const uint8* p) { return core::load_native<uint32>(p); }

uint32 align_int(uint32 offset) { return (offset + ALIGNOF_INT - 1) & ~uint32{ALIGNOF_INT - 1}; }

// The children of one container: entries, then their data.
struct Children {
  const uint8* entries;
  const uint8* data;
  uint32 offset;  // of the next child's data
  uint32 index;   // of the next child

  // Entry and extent of the next child.
  JEntry next(uint32* start, uint32* length) {
    const JEntry entry = word(entries + sizeof(JEntry) * index++);
    *start = offset;
    // An entry holds its child's length or, every JB_OFFSET_STRIDE entries, where the child ends.
    *length = JBE_HAS_OFF(entry) ? JBE_OFFLENFLD(entry) - offset : JBE_OFFLENFLD(entry);
    offset += *length;
    return entry;
  }
};

void write_number(const uint8* numeric, Sink& sink) {
  const auto* datum = reinterpret_cast<const varlena*>(numeric);
  const core::Numeric number =
      open_numeric(reinterpret_cast<const uint8*>(VARDATA_ANY(datum)), VARSIZE_ANY_EXHDR(datum));
  sink.u8(static_cast<uint8>(JsonTag::kNumber));
  sink.u32(static_cast<uint32>(number.size()));
  number.write(sink);
}

void write_container(const uint8* container, Sink& sink);

void write_child(JEntry entry, const uint8* data, uint32 start, uint32 length, Sink& sink) {
  if (JBE_ISSTRING(entry)) {
    core::write_json_string(sink, data + start, length);
  } else if (JBE_ISNUMERIC(entry)) {
    write_number(data + align_int(start), sink);
  } else if (JBE_ISCONTAINER(entry)) {
    write_container(data + align_int(start), sink);
  } else if (JBE_ISNULL(entry)) {
    sink.u8(static_cast<uint8>(JsonTag::kNull));
  } else {
    sink.u8(static_cast<uint8>(JBE_ISBOOL_TRUE(entry) ? JsonTag::kTrue : JsonTag::kFalse));
  }
}

void write_container(const uint8* container, Sink& sink) {
  check_stack_depth();
  const uint32 header = word(container);
  const uint32 count = header & JB_CMASK;
  const bool object = (header & JB_FOBJECT) != 0;
  const uint8* entries = container + sizeof(uint32);
  const uint32 total = object ? 2 * count : count;
  Children children{entries, entries + sizeof(JEntry) * total, 0, 0};
  uint32 start = 0;
  uint32 length = 0;

  if ((header & JB_FSCALAR) == 0) {
    sink.u8(static_cast<uint8>(object ? JsonTag::kObject : JsonTag::kArray));
    sink.u32(count);
  }
  if (!object) {
    for (uint32 i = 0; i < count; ++i) {
      const JEntry entry = children.next(&start, &length);
      write_child(entry, children.data, start, length, sink);
    }
    return;
  }
  // All keys come first, then all values; both lists in the same order.
  Children values = children;
  for (uint32 i = 0; i < count; ++i) values.next(&start, &length);
  for (uint32 i = 0; i < count; ++i) {
    children.next(&start, &length);
    core::write_json_key(sink, children.data + start, length);
    const JEntry entry = values.next(&start, &length);
    write_child(entry, values.data, start, length, sink);
  }
}

}  // namespace

void encode_jsonb(const uint8* container, core::Sink& sink) { write_container(container, sink); }

}  // namespace pgdr
