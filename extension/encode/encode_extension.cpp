// Types of contrib modules and of pgvector whose storage is known, so that no function of theirs
// has to run in a database that may be hostile, and because walking them is cheaper than their
// text. Sources of the layouts: hstore.h, ltree.h, pgvector's vector.h. What is read is checked
// against the value's length: that a type is what its output function's name says is only likely.
#include "encode/encode.hpp"

#include "core/canonical.hpp"

namespace pgdr {

namespace {

using core::load_native;
using core::Sink;

// hstore: u32 count and flags; two entries for each pair, whose low bits are where its string ends;
// the strings.
constexpr uint32 kHstoreNew = 0x80000000;
constexpr uint32 kHstoreCount = 0x0FFFFFFF;
constexpr uint32 kHentryFirst = 0x80000000;
constexpr uint32 kHentryNull = 0x40000000;
constexpr uint32 kHentryEnd = 0x3FFFFFFF;

// ltree: u16 number of labels, labels from the first aligned offset on, each a u16 length and its
// bytes, padded. Offsets are the value's, length word included.
constexpr Size kLtreeLabels = MAXALIGN(VARHDRSZ + sizeof(uint16)) - VARHDRSZ;

}  // namespace

bool encode_hstore(const Payload& payload, Sink& sink) {
  if (payload.length < 4) corrupt_value("an hstore");
  const auto head = load_native<uint32>(payload.data);
  if ((head & kHstoreNew) == 0 && head != 0) return false;
  const Size count = head & kHstoreCount;
  if ((payload.length - 4) / 8 < count) corrupt_value("an hstore");
  const uint8* entries = payload.data + 4;
  const uint8* strings = entries + count * 8;
  const Size room = payload.length - 4 - count * 8;
  Size start = 0;
  sink.u32(static_cast<uint32>(count));
  for (Size i = 0; i < 2 * count; ++i) {
    const auto entry = load_native<uint32>(entries + 4 * i);
    const Size end = entry & kHentryEnd;
    if (end < start || end > room || ((entry & kHentryFirst) != 0) != (i == 0))
      corrupt_value("an hstore");
    if (i % 2 == 1 && (entry & kHentryNull) != 0) {
      sink.u32(core::kNullLength);
    } else {
      sink.u32(static_cast<uint32>(end - start));
      sink.bytes(strings + start, end - start);
    }
    start = end;
  }
  return true;
}

void encode_ltree(const Payload& payload, Sink& sink) {
  if (payload.length < sizeof(uint16)) corrupt_value("an ltree");
  const auto count = load_native<uint16>(payload.data);
  Size at = kLtreeLabels;
  for (int i = 0; i < count; ++i) {
    if (at + sizeof(uint16) > payload.length) corrupt_value("an ltree");
    const Size length = load_native<uint16>(payload.data + at);
    if (length > payload.length - at - sizeof(uint16)) corrupt_value("an ltree");
    if (i > 0) sink.u8('.');
    sink.bytes(payload.data + at + sizeof(uint16), length);
    at += MAXALIGN(sizeof(uint16) + length);
  }
}

void encode_vector(const Payload& payload, Sink& sink) {
  if (payload.length < 4) corrupt_value("a vector");
  const auto count = load_native<uint16>(payload.data);
  if (payload.length != 4 + Size{count} * sizeof(float4)) corrupt_value("a vector");
  sink.u16(count);
  for (Size i = 0; i < count; ++i) {
    sink.ensure(sizeof(float4));
    sink.pos = core::put_float4(sink.pos, load_native<float>(payload.data + 4 + 4 * i));
  }
}

}  // namespace pgdr
