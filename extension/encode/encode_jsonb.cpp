// Walks a stored jsonb value. Source of the layout: PostgreSQL's utils/jsonb.h. Every offset in it
// is relative to the container, so it need not be aligned in memory. A container is handed on with
// its end; children follow each other, so nothing is written twice.
#include "encode/encode.hpp"
#include "encode/numeric.hpp"

namespace pgdr {

namespace {

using core::JsonTag;
using core::Sink;

uint32 word(const uint8* p) { return core::load_native<uint32>(p); }

uint32 align_int(uint32 offset) { return (offset + ALIGNOF_INT - 1) & ~uint32{ALIGNOF_INT - 1}; }

// Bytes within their parent.
struct Extent {
  const uint8* data;
  uint32 length;
};

[[noreturn]] void corrupt_jsonb() { corrupt_value("a jsonb"); }

// The children of one container: entries, then their data.
struct Children {
  const uint8* entries;
  const uint8* data;
  uint32 room;    // bytes of data
  uint32 offset;  // of the next child's data
  uint32 index;   // of the next child

  // Entry and place of the next child.
  pg_attribute_always_inline JEntry next(uint32* start, uint32* length) {
    const JEntry entry = word(entries + sizeof(JEntry) * index++);
    *start = offset;
    // An entry holds its child's length or, every JB_OFFSET_STRIDE entries, where the child ends.
    // One that ends before it starts has a length beyond everything.
    *length = JBE_HAS_OFF(entry) ? JBE_OFFLENFLD(entry) - offset : JBE_OFFLENFLD(entry);
    if (unlikely(*length > room - offset)) corrupt_jsonb();
    offset += *length;
    return entry;
  }

  // Leaves out so many children, which next() of a copy looks at one by one.
  void skip(uint32 count) {
    uint64 end = offset;
    for (const uint32 last = index + count; index != last; ++index) {
      const JEntry entry = word(entries + sizeof(JEntry) * index);
      end = JBE_OFFLENFLD(entry) + (JBE_HAS_OFF(entry) ? 0 : end);
    }
    if (unlikely(end > room)) corrupt_jsonb();
    offset = static_cast<uint32>(end);
  }
};

// Of a child whose data are aligned; the padding before counts as the child's.
inline Extent aligned(const uint8* data, uint32 start, uint32 length) {
  const uint32 padding = align_int(start) - start;
  if (unlikely(padding > length)) corrupt_jsonb();
  return {data + start + padding, length - padding};
}

void write_number(Extent extent, Sink& sink) {
  const core::Numeric number = open_inner_numeric(extent.data, extent.length);
  sink.tagged(static_cast<uint8>(JsonTag::kNumber), static_cast<uint32>(number.size()));
  number.write(sink);
}

void write_container(Extent container, Sink& sink);

// Short ones, as most are, without a look at their length: that reads and writes more than it
// needs. end: of the memory that may be read.
template <bool kTagged>
inline void write_text(const uint8* text, uint32 length, const uint8* end, Sink& sink) {
  constexpr Size kShort = 32;
  if (likely(length <= kShort && end - text >= ptrdiff_t{kShort})) {
    sink.ensure(1 + sizeof(uint32) + kShort);
    uint8* p = sink.pos;
    if constexpr (kTagged) p = core::store_u8(p, static_cast<uint8>(JsonTag::kString));
    p = core::store_u32(p, length);
    std::memcpy(p, text, kShort);
    sink.pos = p + length;
  } else if constexpr (kTagged) {
    core::write_json_string(sink, text, length);
  } else {
    core::write_json_key(sink, text, length);
  }
}

// end: of the data that the child's lie in.
void write_child(JEntry entry, const uint8* data, const uint8* end, uint32 start, uint32 length,
                 Sink& sink) {
  if (JBE_ISSTRING(entry)) {
    write_text<true>(data + start, length, end, sink);
  } else if (JBE_ISNUMERIC(entry)) {
    write_number(aligned(data, start, length), sink);
  } else if (JBE_ISCONTAINER(entry)) {
    write_container(aligned(data, start, length), sink);
  } else if (JBE_ISNULL(entry)) {
    sink.u8(static_cast<uint8>(JsonTag::kNull));
  } else if (JBE_ISBOOL(entry)) {
    sink.u8(static_cast<uint8>(JBE_ISBOOL_TRUE(entry) ? JsonTag::kTrue : JsonTag::kFalse));
  } else {
    corrupt_jsonb();
  }
}

void write_container(Extent container, Sink& sink) {
  check_stack_depth();
  if (container.length < sizeof(uint32)) corrupt_jsonb();
  const uint32 header = word(container.data);
  const uint32 count = header & JB_CMASK;
  const bool object = (header & JB_FOBJECT) != 0;
  const bool scalar = (header & JB_FSCALAR) != 0;
  const uint8* entries = container.data + sizeof(uint32);
  const uint32 total = object ? 2 * count : count;
  const auto left = static_cast<uint32>(container.length - sizeof(uint32));
  if (object == ((header & JB_FARRAY) != 0) || (scalar && (object || count != 1)) ||
      total > left / sizeof(JEntry))
    corrupt_jsonb();
  const auto bytes = static_cast<uint32>(sizeof(JEntry) * total);
  Children children{entries, entries + bytes, left - bytes, 0, 0};
  const uint8* const end = children.data + children.room;
  uint32 start = 0;
  uint32 length = 0;

  if (!scalar) sink.tagged(static_cast<uint8>(object ? JsonTag::kObject : JsonTag::kArray), count);
  if (!object) {
    for (uint32 i = 0; i < count; ++i) {
      const JEntry entry = children.next(&start, &length);
      write_child(entry, children.data, end, start, length, sink);
    }
    return;
  }
  // All keys come first, then all values; both lists in the same order.
  Children values = children;
  values.skip(count);
  for (uint32 i = 0; i < count; ++i) {
    const JEntry key = children.next(&start, &length);
    if (unlikely(!JBE_ISSTRING(key))) corrupt_jsonb();
    write_text<false>(children.data + start, length, end, sink);
    const JEntry entry = values.next(&start, &length);
    write_child(entry, children.data, end, start, length, sink);
  }
}

}  // namespace

void encode_jsonb(const Payload& payload, core::Sink& sink) {
  write_container({payload.data, static_cast<uint32>(payload.length)}, sink);
}

}  // namespace pgdr
