#include "engine/row_hash.hpp"

namespace pgdr {

namespace {

constexpr Size kFirstCapacity = Size{64} * 1024;

}  // namespace

void BufferSink::init(MemoryContext context, Size capacity) {
  context_ = context;
  begin = pos = static_cast<uint8_t*>(MemoryContextAlloc(context, capacity));
  end = begin + capacity;
}

void BufferSink::grow(core::Sink& sink, size_t need) {
  auto& self = static_cast<BufferSink&>(sink);
  const auto used = static_cast<Size>(self.pos - self.begin);
  Size capacity = 2 * static_cast<Size>(self.end - self.begin);
  if (capacity < used + need) capacity = used + need;
  if (capacity > MaxAllocHugeSize)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("row is too large")));
  self.begin = static_cast<uint8_t*>(repalloc_huge(self.begin, capacity));
  self.pos = self.begin + used;
  self.end = self.begin + capacity;
}

void init_row_hasher(RowHasher* rows, MemoryContext parent) {
  init_encoder(&rows->encoder, parent);
  rows->buffer = BufferSink();
  rows->buffer.init(rows->encoder.plans.context, kFirstCapacity);
  rows->where = nullptr;
  rows->streamed = false;
  rows->key = digest_key_in_use();
  rows->place = &rows->nowhere;
}

void use_row_plan(RowHasher* rows, const RowPlan& plan) {
  rows->where = static_cast<const char**>(MemoryContextAlloc(
      rows->encoder.plans.context, sizeof(char*) * static_cast<Size>(plan.natts + 1)));
}

core::U128 hash_streamed(RowHasher* rows, const Projection& columns, uint64* length) {
  core::HashSink sink;
  encode_columns(&rows->encoder, columns, rows->where, true, sink);
  const core::U128 hash = sink.finish();
  check_length(sink);
  *length = sink.total();
  return hash;
}

core::U256 hash_keyed(RowHasher* rows, const Projection& columns, Size stored, uint64* length,
                      core::U128* bucket) {
  core::KeyedHash* keyed = &rows->key->hash;
  core::U256 hash;
  if (unlikely(rows->streamed)) {
    core::BasicHashSink<core::KeyedHash> sink(keyed);
    encode_columns(&rows->encoder, columns, rows->where, true, sink);
    hash = sink.finish();
    check_length(sink);
    *length = sink.total();
    if (bucket != nullptr) *bucket = hash_streamed(rows, columns, length);
  } else {
    BufferSink& buffer = rows->buffer;
    const Size place = buffer.used();
    collect_row(rows, columns, stored);
    *length = buffer.used() - place;
    hash = keyed->hash(buffer.begin + place, *length);
    if (bucket != nullptr) *bucket = core::hash(buffer.begin + place, *length);
    buffer.rewind(place);
  }
  check_digest_key(rows->key);
  return hash;
}

void append_slow(RowHasher* rows, const Field& field, const char* stored) {
  encode_field(&rows->encoder, field.type, stored, rows->buffer);
  check_length(rows->buffer);
}

bool needs_streaming(const RowHasher* rows, const RowPlan& plan) {
  Size total = 0;
  for (int i = 0; i < plan.natts; ++i) {
    const char* stored = rows->where[i];
    if (stored != nullptr && plan.attributes[i].length == -1 &&
        VARATT_IS_EXTERNAL(reinterpret_cast<const varlena*>(stored)))
      total += toast_raw_datum_size(PointerGetDatum(stored));
  }
  return total > kStreamThreshold;
}

}  // namespace pgdr
