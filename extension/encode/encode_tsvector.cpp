// tsvector: number of lexemes; of each its length and bytes, number of positions and the positions
// with their weights. Source of the layout: PostgreSQL's tsearch/ts_type.h.
#include "encode/encode.hpp"

namespace pgdr {

namespace {

using core::load_native;
using core::Sink;

}  // namespace

void encode_tsvector(const Payload& payload, Sink& sink) {
  constexpr Size kCount = sizeof(int32);
  if (payload.length < kCount) corrupt_value("a tsvector");
  const auto count = load_native<int32>(payload.data);
  if (count < 0 || static_cast<Size>(count) > (payload.length - kCount) / sizeof(WordEntry))
    corrupt_value("a tsvector");
  const uint8* entries = payload.data + kCount;
  const uint8* strings = entries + static_cast<Size>(count) * sizeof(WordEntry);
  const Size room = payload.length - static_cast<Size>(strings - payload.data);
  // Lexemes share no bytes, so together they have no more than there are.
  Size left = room;
  const auto take = [&left](Size bytes) {
    if (bytes > left) corrupt_value("a tsvector");
    left -= bytes;
  };
  sink.u32(static_cast<uint32>(count));
  for (int32 i = 0; i < count; ++i) {
    const auto entry = load_native<WordEntry>(entries + static_cast<Size>(i) * sizeof(WordEntry));
    const Size end = Size{entry.pos} + entry.len;
    if (end > room) corrupt_value("a tsvector");
    take(entry.len);
    sink.u32(entry.len);
    sink.bytes(strings + entry.pos, entry.len);
    if (!entry.haspos) {
      sink.u16(0);
      continue;
    }
    // The positions follow the lexeme at the next even offset: their number, then the positions
    // with their weights.
    const Size place = SHORTALIGN(end);
    if (room < sizeof(uint16) || place > room - sizeof(uint16)) corrupt_value("a tsvector");
    const auto positions = load_native<uint16>(strings + place);
    const Size bytes = Size{positions} * sizeof(uint16);
    if (bytes > room - sizeof(uint16) - place) corrupt_value("a tsvector");
    take(bytes);
    sink.u16(positions);
    for (Size j = 1; j <= positions; ++j)
      sink.u16(load_native<uint16>(strings + place + sizeof(uint16) * j));
  }
}

}  // namespace pgdr
