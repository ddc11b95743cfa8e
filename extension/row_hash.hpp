// The hash of one row: canonical bytes in a reused buffer, or, for rows with large out-of-line
// values, streamed.
//
// Usage:  RowHasher rows;  init_row_hasher(&rows, context);
//         uint64 length;  core::U128 h = hash_row(&rows, plan, plan.columns, tuple, tuple_length,
//         &length);
// locate() is part of hash_row; hash_more() hashes other columns of the same tuple.
#pragma once

#include "digest_key.hpp"
#include "encode.hpp"
#include "numeric.hpp"
#include "tuple.hpp"

namespace pgdr {

// A row is streamed once its out-of-line values are larger than this together: twice a typical
// value's size in memory is cheaper than the second pass over nested values that streaming costs.
inline constexpr Size kStreamThreshold = 1 << 20;

// A memory sink that grows in its memory context.
class BufferSink : public core::Sink {
 public:
  BufferSink() : Sink(Mode::kMemory, nullptr, 0, &grow), context_(nullptr) {}
  void init(MemoryContext context, Size capacity);
  void clear() {
    pos = begin;
    too_long = false;
  }

 private:
  static void grow(core::Sink& sink, size_t need);
  MemoryContext context_;
};

struct RowHasher {
  Encoder encoder;
  BufferSink buffer;
  const char** where;  // as many as the plan has attributes
  bool streamed;       // the row at hand is too large for the buffer
  DigestKey* key;      // rows are hashed under it; nullptr: without
};

// Takes the key in use (digest_key.hpp).
void init_row_hasher(RowHasher* rows, MemoryContext parent);

// Call before the first row of each plan.
void use_row_plan(RowHasher* rows, const RowPlan& plan);

core::U128 hash_streamed(RowHasher* rows, const Projection& columns, uint64* length);
void append_slow(RowHasher* rows, const Field& field, const char* stored);
bool needs_streaming(const RowHasher* rows, const RowPlan& plan);

// Canonical bytes of the located row into the buffer. stored: bytes of the tuple, an upper bound of
// what its in-line values need beyond columns.room.
inline void collect_row(RowHasher* rows, const Projection& columns, Size stored) {
  using core::load_native;
  using core::store_u32;
  BufferSink& sink = rows->buffer;
  sink.clear();
  sink.ensure(columns.room + stored);
  uint8_t* p = store_u32(sink.pos, static_cast<uint32>(columns.count));
  const Field* const last = columns.fields + columns.count;
  for (const Field* field = columns.fields; field != last; ++field) {
    const char* value = rows->where[field->attribute];
    if (value == nullptr) {
      p = store_u32(p, core::kNullLength);
      continue;
    }
    switch (field->kind) {
      case Kind::kFixed1:
        p = core::store_u8(store_u32(p, 1), load_native<uint8>(value));
        continue;
      case Kind::kFixed2:
        p = core::store_u16(store_u32(p, 2), load_native<uint16>(value));
        continue;
      case Kind::kFixed4:
        p = store_u32(store_u32(p, 4), load_native<uint32>(value));
        continue;
      case Kind::kFixed8:
        p = core::store_u64(store_u32(p, 8), load_native<uint64>(value));
        continue;
      case Kind::kFloat4:
        p = core::put_float4(store_u32(p, 4), load_native<float>(value));
        continue;
      case Kind::kFloat8:
        p = core::put_float8(store_u32(p, 8), load_native<double>(value));
        continue;
      case Kind::kBytes:
        p = store_u32(p, static_cast<uint32>(field->length));
        std::memcpy(p, value, static_cast<Size>(field->length));
        p += field->length;
        continue;
      case Kind::kRaw:
      case Kind::kNumeric: {
        const auto* datum = reinterpret_cast<const varlena*>(value);
        if (VARATT_IS_EXTENDED(datum) && (!VARATT_IS_1B(datum) || VARATT_IS_1B_E(datum))) break;
        const Payload payload = open_varlena(&rows->encoder, value);
        if (field->kind == Kind::kRaw) {
          p = store_u32(p, static_cast<uint32>(payload.length));
          std::memcpy(p, payload.data, payload.length);
          p += payload.length;
        } else {
          const core::Numeric number = open_numeric(payload.data, payload.length);
          p = number.put(store_u32(p, static_cast<uint32>(number.size())));
        }
        continue;
      }
      default:
        break;
    }
    sink.pos = p;
    append_slow(rows, *field, value);
    sink.ensure(columns.room + stored);
    p = sink.pos;
  }
  sink.pos = p;
}

// Hash of some columns of the row that was located last.
inline core::U128 hash_located(RowHasher* rows, const Projection& columns, Size stored,
                               uint64* length) {
  if (unlikely(rows->streamed)) return hash_streamed(rows, columns, length);
  collect_row(rows, columns, stored);
  *length = static_cast<uint64>(rows->buffer.pos - rows->buffer.begin);
  return core::hash(rows->buffer.begin, *length);
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

inline void locate_row(RowHasher* rows, const RowPlan& plan, HeapTupleHeader tuple) {
  locate(plan, tuple, rows->where);
  rows->streamed =
      unlikely((tuple->t_infomask & HEAP_HASEXTERNAL) != 0) && needs_streaming(rows, plan);
}

}  // namespace pgdr
