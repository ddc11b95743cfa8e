#include "compare/difference_server.hpp"

namespace pgdr {

namespace {

// A request's payload, read from its start.
struct Cursor {
  const char* at;
  Size left;

  const char* take(Size bytes) {
    if (bytes > left) refuse_request();
    const char* from = at;
    at += bytes;
    left -= bytes;
    return from;
  }
  template <typename T>
  T number() {
    T value;
    memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  const char* text() {
    const auto length = number<uint32>();
    return pnstrdup(take(length), length);
  }
  NameList list() {
    const auto count = number<uint32>();
    if (count > left) refuse_request();  // each name has a length
    NameList names{static_cast<int>(count),
                   static_cast<const char**>(palloc(sizeof(char*) * (Size{count} + 1)))};
    for (uint32 i = 0; i < count; ++i) names.names[i] = text();
    return names;
  }
};

void put_list(Answer* answer, const NameList& names) {
  answer->put(static_cast<uint32>(names.count));
  for (int i = 0; i < names.count; ++i) answer->put_text(names.names[i]);
}

void put_description(Answer* answer, const SideDescription& d) {
  answer->put(d.blocks);
  answer->put(static_cast<uint32>(d.count));
  for (int i = 0; i < d.count; ++i) {
    const SideColumn& column = d.columns[i];
    answer->put_text(column.name);
    answer->put_text(column.type);
    answer->put_text(column.base);
    answer->put(static_cast<uint8>(column.generated));
    answer->put(static_cast<uint8>(column.number));
  }
  put_list(answer, d.primary);
  put_list(answer, d.unique);
}

Side* find_side(const char* schema, const char* name) {
  const Oid space = LookupExplicitNamespace(schema, true);  // checks USAGE
  const Oid oid = OidIsValid(space) ? get_relname_relid(name, space) : InvalidOid;
  if (!OidIsValid(oid)) return nullptr;
  pgstat_report_activity(STATE_RUNNING, psprintf("pgdr: comparing %s.%s", schema, name));
  return open_side(oid, true);
}

void open(DifferenceServer* server, Cursor request, Answer* answer) {
  const char* schema = request.text();
  const char* name = request.text();
  server->side = find_side(schema, name);
  answer->put(static_cast<uint8>(server->side != nullptr));
  if (server->side == nullptr) return;
  SideDescription description;
  describe(*server->side, &description);
  put_description(answer, description);
}

void plan(Side* side, Cursor request) {
  drop_maps(side);
  side->plan.bits = static_cast<int>(request.number<uint32>());
  if (side->plan.bits < 0 || side->plan.bits > kDifferenceBitsMax) refuse_request();
  side->plan.columns = request.list();
  side->plan.key = request.list();
}

void buckets(Side* side, Answer* answer) {
  const Size bytes = sizeof(core::Digest) << side->plan.bits;
  auto* sums = static_cast<core::Digest*>(palloc(bytes));
  side_buckets(side, sums);
  answer->put(sums, bytes);
  pfree(sums);
}

struct AnswerSink : RowSink {
  Answer* answer;
};

void rows(const Side& side, Cursor request, Answer* answer) {
  const Size bytes = ((Size{1} << side.plan.bits) + 7) / 8;
  // The payload's memory is the queue's.
  auto* wanted = static_cast<uint8*>(palloc(bytes));
  memcpy(wanted, request.take(bytes), bytes);
  AnswerSink sink{};
  sink.answer = answer;
  sink.add = [](RowSink* self, const core::RowEntry& entry) {
    static_cast<AnswerSink*>(self)->answer->put(entry);
  };
  side_rows(side, wanted, &sink);
  pfree(wanted);
}

void put_value(Answer* answer, const char* text) {
  const int64 length = text == nullptr ? -1 : static_cast<int64>(strlen(text));
  answer->put(length);
  if (length > 0) answer->put(text, static_cast<Size>(length));
}

void fetch(const Side& side, Cursor request, Answer* answer) {
  const bool keys_only = request.number<uint8>() != 0;
  RowReader reader(side);
  while (request.left > 0) {
    CHECK_FOR_INTERRUPTS();
    reader.open(request.number<core::RowEntry>());
    const int count = keys_only ? side.plan.key.count : side.plan.columns.count;
    for (int i = 0; i < count; ++i)
      put_value(answer, keys_only ? reader.key_text(i) : reader.text(i));
  }
  reader.close();
}

}  // namespace

void serve_difference(DifferenceServer* server, char type, const char* payload, Size bytes,
                      Answer* answer) {
  const Cursor request{payload, bytes};
  if (type == kOpen) {
    open(server, request, answer);
    return;
  }
  if (server->side == nullptr) refuse_request();
  if (type == kPlan)
    plan(server->side, request);
  else if (type == kBuckets)
    buckets(server->side, answer);
  else if (type == kRows)
    rows(*server->side, request, answer);
  else if (type == kFetch)
    fetch(*server->side, request, answer);
  else
    refuse_request();
}

}  // namespace pgdr
