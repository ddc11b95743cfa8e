#include "encode/plan.hpp"

#include <cstring>

namespace pgdr {

namespace {

constexpr Size kPerField =
    4 + 16;  // a length and the largest fixed-size payload that is not counted otherwise

template <typename T>
T* allocate(PlanCache* cache, Size count = 1) {
  return static_cast<T*>(
      MemoryContextAllocZero(cache->context, sizeof(T) * (count > 0 ? count : 1)));
}

uint8 alignment(char code) {
  switch (code) {
    case TYPALIGN_CHAR:
      return 1;
    case TYPALIGN_SHORT:
      return ALIGNOF_SHORT;
    case TYPALIGN_INT:
      return ALIGNOF_INT;
    default:
      return ALIGNOF_DOUBLE;
  }
}

bool native_kind(Oid type, Kind* kind) {
  switch (type) {
    case BOOLOID:
    case CHAROID:
      *kind = Kind::kFixed1;
      return true;
    case INT2OID:
      *kind = Kind::kFixed2;
      return true;
    case INT4OID:
    case OIDOID:
    case XIDOID:
    case CIDOID:
    case DATEOID:
      *kind = Kind::kFixed4;
      return true;
    case INT8OID:
    case TIMEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
    case CASHOID:
    case LSNOID:
    case XID8OID:
      *kind = Kind::kFixed8;
      return true;
    case UUIDOID:
    case MACADDROID:
    case MACADDR8OID:
      *kind = Kind::kBytes;
      return true;
    case FLOAT4OID:
      *kind = Kind::kFloat4;
      return true;
    case FLOAT8OID:
      *kind = Kind::kFloat8;
      return true;
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case BYTEAOID:
    case JSONOID:
      *kind = Kind::kRaw;
      return true;
    case NUMERICOID:
      *kind = Kind::kNumeric;
      return true;
    case INTERVALOID:
      *kind = Kind::kInterval;
      return true;
    case TIMETZOID:
      *kind = Kind::kTimetz;
      return true;
    case TIDOID:
      *kind = Kind::kTid;
      return true;
    case NAMEOID:
      *kind = Kind::kName;
      return true;
    case BITOID:
    case VARBITOID:
      *kind = Kind::kBits;
      return true;
    case INETOID:
    case CIDROID:
      *kind = Kind::kInet;
      return true;
    case JSONBOID:
      *kind = Kind::kJsonb;
      return true;
    case TSVECTOROID:
      *kind = Kind::kTsVector;
      return true;
    case POINTOID:
    case LSEGOID:
    case BOXOID:
    case LINEOID:
    case CIRCLEOID:
      *kind = Kind::kFloats;
      return true;
    case PATHOID:
      *kind = Kind::kPath;
      return true;
    case POLYGONOID:
      *kind = Kind::kPolygon;
      return true;
    case JSONPATHOID:
      *kind = Kind::kJsonpath;
      return true;
    case ACLITEMOID:
      *kind = Kind::kAclItem;
      return true;
    default:
      return false;
  }
}

// Types of extensions whose storage is known. A type has no fixed OID, and its name can be
// anybody's; but the C function that turns it into text knows the storage, and only a superuser can
// make one.
struct KnownOutput {
  const char* library;
  const char* symbol;
  Kind kind;
  Inner inner;
};
constexpr KnownOutput kKnownOutputs[] = {
    {"$libdir/hstore", "hstore_out", Kind::kHstore, Inner::kUnknown},
    {"$libdir/ltree", "ltree_out", Kind::kLtree, Inner::kUnknown},
    {"$libdir/vector", "vector_out", Kind::kVector, Inner::kUnknown},
    {"$libdir/cube", "cube_out", Kind::kOutput, Inner::kCube},
};

Oid output_function(Oid type) {
  Oid function = InvalidOid;
  bool is_varlena = false;
  getTypeOutputInfo(type, &function, &is_varlena);
  return function;
}

Kind known_output(Oid function, Inner* inner) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return Kind::kOutput;
  Kind kind = Kind::kOutput;
  bool no_library = true;
  const Datum library = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_probin, &no_library);
  if (reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang == ClanguageId && !no_library) {
    bool no_symbol = true;
    const Datum symbol = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &no_symbol);
    char* library_name = TextDatumGetCString(library);
    char* symbol_name = no_symbol ? pstrdup("") : TextDatumGetCString(symbol);
    for (const KnownOutput& known : kKnownOutputs)
      if (std::strcmp(library_name, known.library) == 0 &&
          std::strcmp(symbol_name, known.symbol) == 0)
        kind = known.kind, *inner = known.inner;
    pfree(library_name);
    pfree(symbol_name);
  }
  ReleaseSysCache(tuple);
  return kind;
}

void plan_output(PlanCache* cache, TypePlan* plan) {
  const Oid function = output_function(plan->type);
  if (plan->type == TSQUERYOID) plan->inner = Inner::kQuery;
  if (plan->type == PG_SNAPSHOTOID || plan->type == TXID_SNAPSHOTOID)
    plan->inner = Inner::kSnapshot;
  plan->kind = plan->length == -1 ? known_output(function, &plan->inner) : Kind::kOutput;
  if (plan->kind != Kind::kOutput) return;  // its library need not even be there
  look_up_output(cache, plan);
  // citext and whatever else is text under another name: the bytes are the output.
  if (plan->length == -1 && plan->output->fn_addr == textout) plan->kind = Kind::kRaw;
}

TypePlan* make_type_plan(PlanCache* cache, Oid type) {
  auto* plan = allocate<TypePlan>(cache);
  char align_code = 0;
  plan->type = type;
  get_typlenbyvalalign(type, &plan->length, &plan->by_value, &align_code);
  plan->align = alignment(align_code);
  if (native_kind(type, &plan->kind)) return plan;

  const Oid element = get_element_type(type);
  if (OidIsValid(element)) {
    plan->kind = Kind::kArray;
    plan->element_type = plan->element_seen = element;
    return plan;
  }
  switch (get_typtype(type)) {
    case TYPTYPE_ENUM:
      plan->kind = Kind::kEnum;
      plan->labels = allocate<EnumLabel>(cache, kEnumLabels);
      return plan;
    case TYPTYPE_COMPOSITE:
      plan->kind = Kind::kComposite;
      return plan;
    case TYPTYPE_RANGE:
      plan->kind = Kind::kRange;
      plan->element_type = get_range_subtype(type);
      return plan;
#if PG_VERSION_NUM >= 140000
    case TYPTYPE_MULTIRANGE:
      plan->kind = Kind::kMultirange;
      plan->element_type = get_multirange_range(type);
      return plan;
#endif
    default:
      break;
  }
  if (type == RECORDOID) {
    plan->kind = Kind::kComposite;
    return plan;
  }
  plan_output(cache, plan);
  return plan;
}

// The stored image of a datum: what a pointer into a tuple would point at.
const char* stored_image(PlanCache* cache, Datum value, Form_pg_attribute att) {
  if (att->attbyval) {
    auto* image = allocate<char>(cache, sizeof(Datum));
    store_att_byval(image, value, att->attlen);
    return image;
  }
  MemoryContext old = MemoryContextSwitchTo(cache->context);
  const Datum copy = datumCopy(value, false, att->attlen);
  MemoryContextSwitchTo(old);
  return DatumGetPointer(copy);
}

Size stored_length(const char* image, int16 length) {
  if (length > 0) return static_cast<Size>(length);
  return length == -1 ? VARSIZE_ANY(image) : std::strlen(image) + 1;
}

// How names order columns everywhere: byte by byte; equal names (a record may have them) by
// position.
bool before(TupleDesc desc, int a, int b) {
  const int order = std::strncmp(NameStr(TupleDescAttr(desc, a)->attname),
                                 NameStr(TupleDescAttr(desc, b)->attname), NAMEDATALEN);
  return order != 0 ? order < 0 : a < b;
}

template <typename Wanted>
void make_projection(PlanCache* cache, TupleDesc desc, const RowPlan* row, Projection* out,
                     Wanted wanted) {
  auto* order = static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(desc->natts + 1)));
  int count = 0;
  for (int i = 0; i < desc->natts; ++i) {
    if (TupleDescAttr(desc, i)->attisdropped || !wanted(TupleDescAttr(desc, i))) continue;
    int at = count++;
    for (; at > 0 && before(desc, i, order[at - 1]); --at) order[at] = order[at - 1];
    order[at] = i;
  }
  out->count = count;
  out->fields = allocate<Field>(cache, static_cast<Size>(count));
  out->room = 4;
  for (int i = 0; i < count; ++i) {
    Form_pg_attribute att = TupleDescAttr(desc, order[i]);
    Field& field = out->fields[i];
    field.attribute = order[i];
    field.type = type_plan(cache, att->atttypid);
    field.kind = field.type->kind;
    field.length = att->attlen;
    out->room += kPerField;
    const Attribute& stored = row->attributes[order[i]];
    if (stored.missing != nullptr) out->room += stored_length(stored.missing, stored.length);
  }
  pfree(order);
}

void find_fixed_offsets(PlanCache* cache, RowPlan* row) {
  row->fixed_offsets = allocate<uint32>(cache, static_cast<Size>(row->natts));
  uint32 offset = 0;
  for (int i = 0; i < row->natts; ++i) {
    const Attribute& att = row->attributes[i];
    const uint32 aligned = (offset + att.align - 1U) & ~(att.align - 1U);
    if (att.length < 0) {
      // A first variable-length attribute lies at a known place only if no padding can precede it.
      if (aligned != offset) break;
      row->fixed_offsets[row->fixed_count++] = offset;
      break;
    }
    row->fixed_offsets[row->fixed_count++] = aligned;
    offset = aligned + static_cast<uint32>(att.length);
  }
}

RowPlan* make_row_plan(PlanCache* cache, TupleDesc desc, bool top) {
  auto* row = allocate<RowPlan>(cache);
  row->top = top;
  row->natts = row->natts_limit = desc->natts;
  row->attributes = allocate<Attribute>(cache, static_cast<Size>(desc->natts));
  const AttrMissing* missing = desc->constr != nullptr ? desc->constr->missing : nullptr;
  for (int i = 0; i < desc->natts; ++i) {
    Form_pg_attribute att = TupleDescAttr(desc, i);
    Attribute& stored = row->attributes[i];
    stored.length = att->attlen;
    stored.align = alignment(att->attalign);
    if (missing != nullptr && missing[i].am_present && !att->attisdropped)
      stored.missing = stored_image(cache, missing[i].am_value, att);
  }
  find_fixed_offsets(cache, row);
  make_projection(cache, desc, row, &row->columns, [top](Form_pg_attribute att) {
    return att->attgenerated != kGeneratedVirtual &&
           (!top || att->attgenerated != kGeneratedStored);
  });
  if (top)
    make_projection(cache, desc, row, &row->generated,
                    [](Form_pg_attribute att) { return att->attgenerated == kGeneratedStored; });
  return row;
}

}  // namespace

void look_up_output(PlanCache* cache, TypePlan* plan) {
  plan->output = allocate<FmgrInfo>(cache);
  // foreign: none yet, because the function is looked up here and called in its place.
  fmgr_info_cxt(output_function(plan->type), plan->output, cache->context);
}

TypePlan* type_plan(PlanCache* cache, Oid type) {
  CHECK_FOR_INTERRUPTS();
  type = getBaseType(type);
  TypePlan** chain = &cache->types[type % kPlanChains];
  for (TypePlan* plan = *chain; plan != nullptr; plan = plan->next)
    if (plan->type == type) return plan;
  TypePlan* plan = make_type_plan(cache, type);
  plan->next = *chain;
  *chain = plan;
  return plan;
}

TypePlan* make_element_plan(PlanCache* cache, TypePlan* plan) {
  plan->element = type_plan(cache, plan->element_type);
  return plan->element;
}

int primary_key(Relation rel, AttrNumber* out) {
  int count = 0;
  List* indexes = RelationGetIndexList(rel);
  ListCell* cell = nullptr;
  foreach (cell, indexes) {
    HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
    if (!HeapTupleIsValid(tuple)) continue;
    auto* index = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
    if (index->indisprimary && index->indisvalid) {
      count = index->indnkeyatts;
      for (int i = 0; i < count; ++i) out[i] = index->indkey.values[i];
    }
    ReleaseSysCache(tuple);
    if (count > 0) break;
  }
  list_free(indexes);
  return count;
}

RowPlan* relation_plan(PlanCache* cache, Relation rel) {
  cache->owner = rel->rd_rel->relowner;
  TupleDesc desc = RelationGetDescr(rel);
  RowPlan* row = make_row_plan(cache, desc, true);
  AttrNumber keys[INDEX_MAX_KEYS];
  const int count = primary_key(rel, keys);
  if (count > 0)
    make_projection(cache, desc, row, &row->key, [&keys, count](Form_pg_attribute att) {
      for (int i = 0; i < count; ++i)
        if (keys[i] == att->attnum) return true;
      return false;
    });
  return row;
}

void named_projection(PlanCache* cache, Relation rel, const RowPlan* row, const NameList& names,
                      Projection* out) {
  make_projection(cache, RelationGetDescr(rel), row, out, [&names](Form_pg_attribute att) {
    for (int i = 0; i < names.count; ++i)
      if (std::strncmp(NameStr(att->attname), names.names[i], NAMEDATALEN) == 0) return true;
    return false;
  });
  if (out->count != names.count)
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_COLUMN),
             errmsg("a column of \"%s\" is not there any more", RelationGetRelationName(rel))));
}

RowPlan* composite_plan(PlanCache* cache, Oid type, int32 typmod, bool top) {
  // Only anonymous records are told apart by a typmod; what stands in the header of a stored value
  // of a named type is not its business, and may differ from value to value.
  if (type != RECORDOID) typmod = -1;
  RowPlan** const chain = &cache->rows[type % kPlanChains];
  RowPlan** link = chain;
  while (*link != nullptr &&
         ((*link)->type != type || (*link)->typmod != typmod || (*link)->top != top))
    link = &(*link)->next;
  RowPlan* const known = *link;
  if (known != nullptr && known->watched != nullptr &&
      known->watched->tupDesc_identifier == known->identifier)
    return known;
  const uint64 identifier = assign_record_type_identifier(type, typmod);
  if (known != nullptr) {
    if (known->identifier == identifier) return known;
    *link = known->next;  // the type has changed
  }
  TupleDesc desc = lookup_rowtype_tupdesc(type, typmod);
  RowPlan* row = make_row_plan(cache, desc, top);
  ReleaseTupleDesc(desc);
  row->type = type;
  row->typmod = typmod;
  row->identifier = identifier;
  if (type != RECORDOID) row->watched = lookup_type_cache(type, TYPECACHE_TUPDESC);
  row->next = *chain;
  *chain = row;
  return row;
}

}  // namespace pgdr
