#include "encode/encode.hpp"

#include "core/canonical.hpp"
#include "foreign/output.hpp"
#include "encode/numeric.hpp"
#include "encode/tuple.hpp"

namespace pgdr {

namespace {

using core::load_native;
using core::Sink;

// Columns for which an array on the stack suffices; wider composites allocate.
constexpr int kFewColumns = 32;

// Size of the pieces in which an uncompressed out-of-line value is read.
constexpr int32 kSlice = 1 << 20;

// The datum of a stored value, which may lie at any address.
Datum fetch(const TypePlan* plan, const char* stored) {
  if (!plan->by_value) return PointerGetDatum(stored);
  switch (plan->length) {
    case 1:
      return CharGetDatum(load_native<char>(stored));
    case 2:
      return Int16GetDatum(load_native<int16>(stored));
    case 4:
      return Int32GetDatum(load_native<int32>(stored));
    default:
      return load_native<Datum>(stored);
  }
}

void encode_enum(TypePlan* plan, const char* stored, Sink& sink) {
  const auto value = load_native<Oid>(stored);
  EnumLabel& label = plan->labels[value % kEnumLabels];
  if (label.value != value || !OidIsValid(value)) {
    HeapTuple tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));
    if (!HeapTupleIsValid(tuple))
      ereport(ERROR,
              (errcode(ERRCODE_DATA_CORRUPTED),
               errmsg("value %u of enum type %s has no label", value, format_type_be(plan->type))));
    label.label = reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumlabel;
    label.length = static_cast<uint32>(strnlen(NameStr(label.label), NAMEDATALEN));
    label.value = value;
    ReleaseSysCache(tuple);
  }
  sink.bytes(NameStr(label.label), label.length);
}

void encode_inet(const Payload& payload, Sink& sink) {
  // inet_struct: family, bits, address; see utils/inet.h.
  constexpr Size kHead = 2;
  if (payload.length < kHead) corrupt_value("an inet or cidr");
  const uint8 family = payload.data[0];
  if ((family != PGSQL_AF_INET && family != PGSQL_AF_INET6) ||
      payload.data[1] > (family == PGSQL_AF_INET ? 32 : 128) ||
      payload.length < kHead + (family == PGSQL_AF_INET ? 4 : 16))
    corrupt_value("an inet or cidr");
  sink.ensure(core::kInetMax);
  sink.pos = core::put_inet(sink.pos, family == PGSQL_AF_INET ? 4 : 6, payload.data[1],
                            payload.data + kHead);
}

void encode_bits(const Payload& payload, Sink& sink) {
  if (payload.length < sizeof(int32)) corrupt_value("a bit string");
  const auto bits = load_native<int32>(payload.data);
  const Size bytes = payload.length - sizeof(int32);
  if (bits < 0 || bytes != (static_cast<Size>(bits) + BITS_PER_BYTE - 1) / BITS_PER_BYTE)
    corrupt_value("a bit string");
  core::write_bits(sink, static_cast<uint32>(bits), payload.data + sizeof(int32), bytes);
}

void encode_output(Encoder* encoder, TypePlan* plan, const char* stored, Sink& sink) {
  if (plan->inner != Inner::kUnknown) check_inner(plan->inner, open_varlena(encoder, stored));
  if (plan->output == nullptr) look_up_output(&encoder->plans, plan);
  encoder->pinned.pin(Names::kQuoted);
  encoder->row_dirty = true;
  MemoryContext old = MemoryContextSwitchTo(encoder->row_context);
  const char* text =
      foreign_output(plan->output, fetch(plan, stored), encoder->plans.owner, &encoder->budget);
  MemoryContextSwitchTo(old);
  sink.bytes(text, std::strlen(text));
}

// An uncompressed out-of-line value of raw bytes, piece by piece.
void encode_slices(Encoder* encoder, const char* stored, Size length, Sink& sink) {
  auto* datum = const_cast<varlena*>(reinterpret_cast<const varlena*>(stored));
  MemoryContext old = MemoryContextSwitchTo(encoder->row_context);
  encoder->row_dirty = true;
  for (Size offset = 0; offset < length; offset += kSlice) {
    CHECK_FOR_INTERRUPTS();
    varlena* slice = detoast_attr_slice(datum, static_cast<int32>(offset), kSlice);
    const Size rest = length - offset;
    if (VARSIZE_ANY_EXHDR(slice) != (rest < kSlice ? rest : Size{kSlice}))
      corrupt_value("an out-of-line value");
    sink.bytes(VARDATA_ANY(slice), VARSIZE_ANY_EXHDR(slice));
    pfree(slice);
  }
  MemoryContextSwitchTo(old);
}

bool sliceable(const char* stored) {
  const auto* datum = reinterpret_cast<const varlena*>(stored);
  if (!VARATT_IS_EXTERNAL_ONDISK(datum)) return false;
  varatt_external pointer;
  VARATT_EXTERNAL_GET_POINTER(pointer, datum);
  return !is_compressed(pointer);
}

}  // namespace

void init_encoder(Encoder* encoder, MemoryContext parent) {
  *encoder = Encoder{};
  encoder->budget = foreign_budget();
  encoder->plans.context = AllocSetContextCreate(parent, "pgdr plans", ALLOCSET_DEFAULT_SIZES);
  encoder->row_context = AllocSetContextCreate(parent, "pgdr row", ALLOCSET_DEFAULT_SIZES);
}

void finish_encoder(Encoder* encoder) {
  encoder->pinned.restore();
  MemoryContextDelete(encoder->row_context);
  MemoryContextDelete(encoder->plans.context);
}

void check_length(const core::Sink& sink) {
  if (sink.too_long)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("a value is too large to be fingerprinted"),
                    errdetail("Its canonical form exceeds 4 GB.")));
}

varlena* detoast_for_row(Encoder* encoder, const char* stored) {
  encoder->row_dirty = true;
  MemoryContext old = MemoryContextSwitchTo(encoder->row_context);
  varlena* result = detoast(stored, &encoder->toast);
  MemoryContextSwitchTo(old);
  return result;
}

varlena* open_aligned(Encoder* encoder, const char* stored) {
  auto* datum = const_cast<varlena*>(reinterpret_cast<const varlena*>(stored));
  return VARATT_IS_4B_U(datum) ? datum : detoast_for_row(encoder, stored);
}

void encode_value(Encoder* encoder, TypePlan* plan, const char* stored, Sink& sink) {
  switch (plan->kind) {
    case Kind::kFixed1:
      sink.u8(load_native<uint8>(stored));
      break;
    case Kind::kFixed2:
      sink.u16(load_native<uint16>(stored));
      break;
    case Kind::kFixed4:
      sink.u32(load_native<uint32>(stored));
      break;
    case Kind::kFixed8:
      sink.u64(load_native<uint64>(stored));
      break;
    case Kind::kBytes:
      sink.bytes(stored, static_cast<Size>(plan->length));
      break;
    case Kind::kFloat4:
      sink.ensure(4);
      sink.pos = core::put_float4(sink.pos, load_native<float>(stored));
      break;
    case Kind::kFloat8:
      sink.ensure(8);
      sink.pos = core::put_float8(sink.pos, load_native<double>(stored));
      break;
    case Kind::kRaw: {
      const Payload payload = open_varlena(encoder, stored);
      sink.bytes(payload.data, payload.length);
      break;
    }
    case Kind::kNumeric: {
      const Payload payload = open_varlena(encoder, stored);
      open_numeric(payload.data, payload.length).write(sink);
      break;
    }
    case Kind::kInterval:
      sink.ensure(core::kIntervalLength);
      sink.pos = core::put_interval(sink.pos, load_native<int64>(stored + offsetof(Interval, time)),
                                    load_native<int32>(stored + offsetof(Interval, day)),
                                    load_native<int32>(stored + offsetof(Interval, month)));
      break;
    case Kind::kTimetz:
      sink.ensure(core::kTimetzLength);
      sink.pos = core::put_timetz(sink.pos, load_native<int64>(stored + offsetof(TimeTzADT, time)),
                                  load_native<int32>(stored + offsetof(TimeTzADT, zone)));
      break;
    case Kind::kTid: {
      const auto tid = load_native<ItemPointerData>(stored);
      sink.ensure(core::kTidLength);
      sink.pos = core::put_tid(sink.pos, ItemPointerGetBlockNumberNoCheck(&tid),
                               ItemPointerGetOffsetNumberNoCheck(&tid));
      break;
    }
    case Kind::kName:
      sink.bytes(stored, strnlen(stored, NAMEDATALEN));
      break;
    case Kind::kBits:
      encode_bits(open_varlena(encoder, stored), sink);
      break;
    case Kind::kInet:
      encode_inet(open_varlena(encoder, stored), sink);
      break;
    case Kind::kJsonb:
      encode_jsonb(open_varlena(encoder, stored), sink);
      break;
    case Kind::kArray:
      encode_array(encoder, plan, reinterpret_cast<ArrayType*>(open_aligned(encoder, stored)),
                   sink);
      break;
    case Kind::kEnum:
      encode_enum(plan, stored, sink);
      break;
    case Kind::kComposite:
      encode_composite(encoder, reinterpret_cast<HeapTupleHeader>(open_aligned(encoder, stored)),
                       false, sink);
      break;
    case Kind::kRange:
      encode_range(encoder, plan, stored, sink);
      break;
    case Kind::kMultirange:
      encode_multirange(encoder, plan, stored, sink);
      break;
    case Kind::kTsVector:
      encode_tsvector(open_varlena(encoder, stored), sink);
      break;
    case Kind::kFloats:
      encode_floats(stored, plan->length, sink);
      break;
    case Kind::kPath:
      encode_path(open_varlena(encoder, stored), sink);
      break;
    case Kind::kPolygon:
      encode_polygon(open_varlena(encoder, stored), sink);
      break;
    case Kind::kJsonpath:
      encode_jsonpath(open_varlena(encoder, stored), sink);
      break;
    case Kind::kAclItem:
      encode_aclitem(stored, sink);
      break;
    case Kind::kHstore:
      if (!encode_hstore(open_varlena(encoder, stored), sink))
        encode_output(encoder, plan, stored, sink);
      break;
    case Kind::kLtree:
      encode_ltree(open_varlena(encoder, stored), sink);
      break;
    case Kind::kVector:
      encode_vector(open_varlena(encoder, stored), sink);
      break;
    case Kind::kOutput:
      encode_output(encoder, plan, stored, sink);
      break;
  }
}

void encode_field(Encoder* encoder, TypePlan* plan, const char* stored, Sink& sink) {
  if (stored == nullptr) {
    sink.u32(core::kNullLength);
    return;
  }
  if (plan->kind == Kind::kRaw && sink.mode() != Sink::Mode::kMemory && sliceable(stored)) {
    const Size length = out_of_line_length(stored, &encoder->toast);
    sink.u32(static_cast<uint32>(length));
    if (sink.mode() == Sink::Mode::kCount) {
      sink.drained += length;
    } else {
      encode_slices(encoder, stored, length, sink);
    }
    return;
  }
  // Detoasted here and once: a framed value is encoded twice where its length cannot be filled in
  // afterwards.
  if (plan->length == -1) {
    const Payload payload = open_varlena(encoder, stored);
    if (plan->kind == Kind::kRaw) {
      sink.u32(static_cast<uint32>(payload.length));
      sink.bytes(payload.data, payload.length);
      return;
    }
    const auto* datum = reinterpret_cast<const varlena*>(stored);
    if (VARATT_IS_EXTENDED(datum) && !VARATT_IS_SHORT(datum))
      stored = reinterpret_cast<const char*>(payload.data) - VARHDRSZ;
  }
  sink.framed([&](Sink& inner) { encode_value(encoder, plan, stored, inner); });
}

void encode_columns(Encoder* encoder, const Projection& columns, const char* const* where,
                    bool free_between, Sink& sink) {
  sink.u32(static_cast<uint32>(columns.count));
  for (int i = 0; i < columns.count; ++i) {
    const Field& field = columns.fields[i];
    encode_field(encoder, field.type, where[field.attribute], sink);
    if (free_between) reset_row(encoder);
  }
}

void encode_composite(Encoder* encoder, HeapTupleHeader tuple, bool top, Sink& sink) {
  check_stack_depth();
  const Size stored = VARSIZE(tuple);
  if (stored < SizeofHeapTupleHeader) corrupt_value("a composite value");
  RowPlan* plan = composite_plan(&encoder->plans, HeapTupleHeaderGetTypeId(tuple),
                                 HeapTupleHeaderGetTypMod(tuple), top);
  const char* few[kFewColumns];
  const char** where = few;
  if (plan->natts > kFewColumns) {
    encoder->row_dirty = true;
    where = static_cast<const char**>(
        MemoryContextAlloc(encoder->row_context, sizeof(char*) * static_cast<Size>(plan->natts)));
  }
  locate(*plan, tuple, stored, where);
  encode_columns(encoder, plan->columns, where, false, sink);
}

}  // namespace pgdr
