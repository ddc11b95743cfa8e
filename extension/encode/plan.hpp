// How to encode values of a type and rows of a relation, worked out once and used for every row.
//
// A TypePlan says what a type's canonical payload is made of (FORMAT.md); a RowPlan where the
// columns of a tuple lie and in which order they are encoded. Plans live in the memory context of
// their PlanCache and never change what they point at, except the small caches inside them.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

enum class Kind : uint8 {
  kFixed1,
  kFixed2,
  kFixed4,
  kFixed8,
  kBytes,  // as many bytes as the type is long, in stored order (uuid, macaddr)
  kFloat4,
  kFloat8,
  kRaw,  // the bytes of a varlena
  kNumeric,
  // From here on a value is written by encode_value(), out of line.
  kInterval,
  kTimetz,
  kTid,
  kName,
  kBits,
  kInet,
  kJsonb,
  kArray,
  kEnum,
  kComposite,
  kRange,
  kMultirange,
  kTsVector,
  kFloats,  // as many float8 as the type is long (point, lseg, box, line, circle)
  kPath,
  kPolygon,
  kJsonpath,
  kAclItem,
  kHstore,  // extensions' types, known by their output function
  kLtree,
  kVector,
  kOutput  // the text of the type's output function under pinned settings
};

// kOutput: what is known of the values, to be checked before the function is called.
enum class Inner : uint8 { kUnknown, kQuery, kSnapshot, kCube };

struct RowPlan;

// Labels already looked up, by the low bits of their OID.
struct EnumLabel {
  Oid value;
  uint32 length;
  NameData label;
};
inline constexpr uint32 kEnumLabels = 64;

struct TypePlan {
  Oid type;  // a domain's base type
  Kind kind;
  Inner inner;
  bool by_value;
  int16 length;       // pg_type.typlen
  uint8 align;        // 1, 2, 4 or 8
  Oid element_type;   // kArray: the element's; kRange: the subtype; kMultirange: the range
  Oid element_seen;   // kArray: another one that its values have in their place
  TypePlan* element;  // its plan; nullptr until element_plan()
  EnumLabel* labels;  // kEnum: kEnumLabels entries
  FmgrInfo* output;   // kOutput; nullptr until look_up_output()
  TypePlan* next;
};

// One attribute as it lies in a tuple.
struct Attribute {
  int16 length;  // pg_attribute.attlen
  uint8 align;
  const char*
      missing;  // stored image of the value of tuples that are too short for it; nullptr = NULL
};

// One column to encode.
struct Field {
  int attribute;  // 0-based
  Kind kind;
  int16 length;
  TypePlan* type;
};

// Some columns in canonical order: by name, byte by byte.
struct Projection {
  int count;
  Field* fields;
  Size room;  // bytes enough for lengths, fixed-size payloads and missing values
};

struct RowPlan {
  Oid type;  // of a composite; InvalidOid for a relation
  int32 typmod;
  uint64 identifier;              // assign_record_type_identifier() when the plan was made
  const TypeCacheEntry* watched;  // of a named type, whose entry stays: where it is now
  bool top;                       // without generated columns
  int natts;
  int natts_limit;        // a stored tuple with more attributes is damaged
  Attribute* attributes;  // physical order, dropped ones included
  int fixed_count;  // leading attributes whose offset is the same in every tuple without NULLs ...
  uint32* fixed_offsets;  // ... and those offsets
  Projection columns;
  Projection generated;  // stored generated columns; only of a top plan
  Projection key;        // primary key columns; only of a relation that has one
  RowPlan* next;
};

// Plans are found by the low bits of their type's OID: a database may have many types.
inline constexpr Oid kPlanChains = 128;

struct PlanCache {
  MemoryContext context;
  Oid owner;  // of the relation planned last, as whom output functions run; none: the current user
  TypePlan* types[kPlanChains];
  RowPlan* rows[kPlanChains];
};

// The plan for a type; domains are followed to their base. Does not look into what the type is made
// of, which users may nest as deeply as they like.
TypePlan* type_plan(PlanCache* cache, Oid type);

// The plan for plan->element_type, made when the first value needs it.
TypePlan* make_element_plan(PlanCache* cache, TypePlan* plan);
inline TypePlan* element_plan(PlanCache* cache, TypePlan* plan) {
  return likely(plan->element != nullptr) ? plan->element : make_element_plan(cache, plan);
}

// Sets plan->output.
void look_up_output(PlanCache* cache, TypePlan* plan);

// The plan for the rows of a relation, with its primary key. Missing values are copied.
RowPlan* relation_plan(PlanCache* cache, Relation rel);

// Columns chosen by name, in canonical order; `row` is the relation's plan. Errors
// (undefined_column) if one is not there.
struct NameList {
  int count;
  const char** names;
};
void named_projection(PlanCache* cache, Relation rel, const RowPlan* row, const NameList& names,
                      Projection* out);

// The plan for composite values of (type, typmod), kept in the cache until the type changes. top:
// leave stored generated columns out, as the fingerprint of a table does.
RowPlan* composite_plan(PlanCache* cache, Oid type, int32 typmod, bool top);

// Attribute numbers of the primary key; returns how many, 0 where there is none. out:
// INDEX_MAX_KEYS entries.
int primary_key(Relation rel, AttrNumber* out);

}  // namespace pgdr
