#include "compare/difference_remote.hpp"

#include "worker/worker_message.hpp"

namespace pgdr {

namespace {

template <typename T>
void append(StringInfo request, const T& value) {
  appendBinaryStringInfo(request, reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(StringInfo request, const char* text) {
  const auto length = static_cast<uint32>(strlen(text));
  append(request, length);
  appendBinaryStringInfo(request, text, static_cast<int>(length));
}

void append_list(StringInfo request, const NameList& names) {
  append(request, static_cast<uint32>(names.count));
  for (int i = 0; i < names.count; ++i) append_text(request, names.names[i]);
}

template <typename T>
T read_number(Peer* peer) {
  T value;
  read_answer(peer, &value, sizeof value);
  return value;
}

char* read_text(Peer* peer) {
  const auto length = read_number<uint32>(peer);
  if (length >= MaxAllocSize)
    ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("name of %u bytes", length)));
  auto* text = static_cast<char*>(palloc(Size{length} + 1));
  read_answer(peer, text, length);
  text[length] = '\0';
  return text;
}

NameList read_list(Peer* peer) {
  const auto count = read_number<uint32>(peer);
  if (count > MaxHeapAttributeNumber)
    ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("list of %u names", count)));
  NameList names{static_cast<int>(count),
                 static_cast<const char**>(palloc(sizeof(char*) * (Size{count} + 1)))};
  for (uint32 i = 0; i < count; ++i) names.names[i] = read_text(peer);
  return names;
}

}  // namespace

bool remote_open(Peer* peer, const char* schema, const char* name, SideDescription* out) {
  StringInfoData request;
  initStringInfo(&request);
  append_text(&request, schema);
  append_text(&request, name);
  ask(peer, kOpen, request.data, static_cast<Size>(request.len));
  *out = SideDescription{};
  const bool found = read_number<uint8>(peer) != 0;
  if (found) {
    out->blocks = read_number<uint32>(peer);
    const auto count = read_number<uint32>(peer);
    if (count > MaxHeapAttributeNumber)
      ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("table of %u columns", count)));
    out->count = static_cast<int>(count);
    out->columns = static_cast<SideColumn*>(palloc0(sizeof(SideColumn) * (Size{count} + 1)));
    for (uint32 i = 0; i < count; ++i) {
      SideColumn& column = out->columns[i];
      column.name = read_text(peer);
      column.type = read_text(peer);
      column.base = read_text(peer);
      column.generated = read_number<uint8>(peer) != 0;
      column.number = read_number<uint8>(peer) != 0;
    }
    out->primary = read_list(peer);
    out->unique = read_list(peer);
  }
  end_answer(peer);
  return found;
}

void remote_plan(Peer* peer, const RowsPlan& plan) {
  StringInfoData request;
  initStringInfo(&request);
  append(&request, static_cast<uint32>(plan.bits));
  append_list(&request, plan.columns);
  append_list(&request, plan.key);
  ask(peer, kPlan, request.data, static_cast<Size>(request.len));
  end_answer(peer);
}

void remote_key(Peer* peer, const core::DerivedKeys& key) {
  ask(peer, kKey, &key, sizeof key);
  end_answer(peer);
}

void ask_buckets(Peer* peer) { ask(peer, kBuckets, nullptr, 0); }

void read_buckets(Peer* peer, int bits, core::Digest* out) {
  read_answer(peer, out, sizeof(core::Digest) << bits);
  end_answer(peer);
}

void ask_rows(Peer* peer, const uint8* wanted, int bits) {
  ask(peer, kRows, wanted, ((Size{1} << bits) + 7) / 8);
}

bool read_row(Peer* peer, core::RowEntry* out) {
  const char* part = nullptr;
  const Size got = read_some(peer, sizeof *out, &part);
  if (got == 0) return false;
  memcpy(out, part, got);
  read_answer(peer, reinterpret_cast<char*>(out) + got, sizeof *out - got);
  return true;
}

void ask_values(Peer* peer, const core::RowEntry* const* rows, int count, bool keys_only) {
  StringInfoData request;
  initStringInfo(&request);
  append(&request, static_cast<uint8>(keys_only));
  for (int i = 0; i < count; ++i) append(&request, *rows[i]);
  ask(peer, kFetch, request.data, static_cast<Size>(request.len));
  pfree(request.data);
}

int64 read_value_length(Peer* peer) { return read_number<int64>(peer); }

}  // namespace pgdr
