// The hash of one row: canonical bytes in a reused buffer, or, for rows with large out-of-line
// values, streamed.
//
// Usage:  RowHasher rows;  init_row_hasher(&rows, context);
//         use_row_plan(&rows, plan);  locate_row(&rows, plan, tuple, tuple_length);
//         uint64 length;  core::U128 h = hash_located(&rows, plan.columns, tuple_length, &length);
#pragma once

#include "base/digest_key.hpp"
#include "encode/encode.hpp"
#include "encode/numeric.hpp"
#include "base/reading_place.hpp"
#include "encode/tuple.hpp"

namespace pgdr {

// A row is streamed once its out-of-line values are larger than this together: twice a typical
// value's size in memory is cheaper than the second pass over nested values that streaming costs.
inline constexpr Size kStreamThreshold = 1 << 20;

// A memory sink that grows in its memory context.
class BufferSink : public core::Sink {
 public:
  BufferSink() : Sink(Mode::kMemory, nullptr, 0, &grow), context_(nullptr) {}
  void init(MemoryContext context, Size capacity);
  void clear() { rewind(0); }
  // Bytes in it; a place in it, which stays valid when it grows.
  Size used() const { return static_cast<Size>(pos - begin); }
  void rewind(Size place) {
    pos = begin + place;
    too_long = false;
  }

 private:
  static void grow(core::Sink& sink, size_t need);
  MemoryContext context_;
};

struct RowHasher {
  Encoder encoder;
  BufferSink buffer;
  const char** where;    // as many as the plan has attributes
  bool streamed;         // the row at hand is too large for the buffer
  DigestKey* key;        // rows are hashed under it; nullptr: without
  ReadingPlace* place;   // told of each row
  ReadingPlace nowhere;  // who has no other
};

// Takes the key in use (digest_key.hpp).
void init_row_hasher(RowHasher* rows, MemoryContext parent);

// Call before the first row of each plan.
void use_row_plan(RowHasher* rows, const RowPlan& plan);

core::U128 hash_streamed(RowHasher* rows, const Projection& columns, uint64* length);
void append_slow(RowHasher* rows, const Field& field, const char* stored);
bool needs_streaming(const RowHasher* rows, const RowPlan& plan);

// Bytes moved at once where memory beyond a value may be read and written.
inline constexpr Size kWord = 16;

// A value of at most kWord bytes; returns the position after it.
inline uint8_t* move_word(uint8_t* to, const char* from, Size length) {
  std::memcpy(to, from, kWord);
  return to + length;
}

// Appends one value, NULL excepted, at p, where there are `room` bytes; returns the position after
// it, where there are as many again. kWords: kWord bytes beyond the value may be read.
template <bool kWords>
inline uint8_t* append_value(RowHasher* rows, const Field& field, const char* value, uint8_t* p,
                             Size room) {
  using core::load_native;
  using core::store_u32;
  const auto length = static_cast<uint32>(field.length);
  switch (field.kind) {
    case Kind::kFixed1:
      return core::store_u8(store_u32(p, 1), load_native<uint8>(value));
    case Kind::kFixed2:
      return core::store_u16(store_u32(p, 2), load_native<uint16>(value));
    case Kind::kFixed4:
      return store_u32(store_u32(p, 4), load_native<uint32>(value));
    case Kind::kFixed8:
      return core::store_u64(store_u32(p, 8), load_native<uint64>(value));
    case Kind::kFloat4:
      return core::put_float4(store_u32(p, 4), load_native<float>(value));
    case Kind::kFloat8:
      return core::put_float8(store_u32(p, 8), load_native<double>(value));
    case Kind::kBytes:
      p = store_u32(p, length);
      if constexpr (kWords) return move_word(p, value, length);
      std::memcpy(p, value, length);
      return p + length;
    case Kind::kRaw:
    case Kind::kNumeric: {
      const auto* datum = reinterpret_cast<const varlena*>(value);
      if (VARATT_IS_EXTENDED(datum) && (!VARATT_IS_1B(datum) || VARATT_IS_1B_E(datum))) break;
      const Payload payload = open_varlena(&rows->encoder, value);
      if (field.kind == Kind::kNumeric) {
        const core::Numeric number = open_numeric(payload.data, payload.length);
        return number.put(store_u32(p, static_cast<uint32>(number.size())));
      }
      p = store_u32(p, static_cast<uint32>(payload.length));
      if (kWords && VARATT_IS_1B(datum)) {
        for (Size done = 0; done < payload.length; done += kWord)
          std::memcpy(p + done, payload.data + done, kWord);
      } else {
        std::memcpy(p, payload.data, payload.length);
      }
      return p + payload.length;
    }
    default:
      break;
  }
  BufferSink& sink = rows->buffer;
  sink.pos = p;
  append_slow(rows, field, value);
  sink.ensure(room);
  return sink.pos;
}

// Appends the canonical bytes of the located row to the buffer. stored: bytes of the tuple, an
// upper bound of what its in-line values need beyond columns.room.
inline void collect_row(RowHasher* rows, const Projection& columns, Size stored) {
  BufferSink& sink = rows->buffer;
  const Size room = columns.room + stored;
  sink.ensure(room);
  uint8_t* p = core::store_u32(sink.pos, static_cast<uint32>(columns.count));
  const Field* const last = columns.fields + columns.count;
  for (const Field* field = columns.fields; field != last; ++field) {
    const char* value = rows->where[field->attribute];
    if (value == nullptr)
      p = core::store_u32(p, core::kNullLength);
    else
      p = append_value<false>(rows, *field, value, p, room);
  }
  sink.pos = p;
}

// Hash of some columns of the row that was located last. Leaves the buffer as it was.
inline core::U128 hash_located(RowHasher* rows, const Projection& columns, Size stored,
                               uint64* length) {
  if (unlikely(rows->streamed)) return hash_streamed(rows, columns, length);
  BufferSink& buffer = rows->buffer;
  const Size place = buffer.used();
  collect_row(rows, columns, stored);
  *length = buffer.used() - place;
  const core::U128 hash = core::hash(buffer.begin + place, *length);
  buffer.rewind(place);
  return hash;
}

// Hash of the key columns of the row that was located last. A key of one integer, the usual one, is
// put together on the stack.
inline core::U128 hash_key(RowHasher* rows, const Projection& key, Size stored) {
  const Field& field = key.fields[0];
  const char* value = rows->where[field.attribute];
  if (key.count == 1 && value != nullptr) {
    uint8_t bytes[4 + 4 + 8];
    if (field.kind == Kind::kFixed4) {
      core::store_u32(core::store_u32(core::store_u32(bytes, 1), 4),
                      core::load_native<uint32>(value));
      return core::hash(bytes, 12);
    }
    if (field.kind == Kind::kFixed8) {
      core::store_u64(core::store_u32(core::store_u32(bytes, 1), 8),
                      core::load_native<uint64>(value));
      return core::hash(bytes, 16);
    }
  }
  uint64 length = 0;
  return hash_located(rows, key, stored, &length);
}

// The same under rows->key. bucket: for rows without a primary key, their unkeyed hash, which
// buckets go by in every algorithm; nullptr: not wanted.
core::U256 hash_keyed(RowHasher* rows, const Projection& columns, Size stored, uint64* length,
                      core::U128* bucket);

// The digest of no rows that these rows' hashes can be added to.
inline core::Digest empty_digest(const RowHasher* rows) {
  core::Digest digest;
  if (rows->key != nullptr) digest.algorithm = core::Algorithm::kHmacSha256;
  return digest;
}

inline void locate_row(RowHasher* rows, const RowPlan& plan, HeapTupleHeader tuple, Size stored) {
  rows->place->at = reinterpret_cast<const char*>(tuple);
  locate(plan, tuple, stored, rows->where);
  rows->streamed =
      unlikely((tuple->t_infomask & HEAP_HASEXTERNAL) != 0) && needs_streaming(rows, plan);
}

}  // namespace pgdr
