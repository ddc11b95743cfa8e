// Opening and describing one side (difference_side.hpp).
#include "compare/difference_side.hpp"

#include <climits>

#include "engine/engine.hpp"
#include "base/lock_wait.hpp"
#include "base/settings.hpp"
#include "engine/since_snapshot.hpp"

namespace pgdr {

namespace {

void refuse(Relation rel, const char* what) {
  ereport(ERROR,
          (errcode(ERRCODE_WRONG_OBJECT_TYPE),
           errmsg("\"%s\" is %s", RelationGetRelationName(rel), what),
           errhint("Tables, partitioned tables and materialized views can be compared row by "
                   "row.")));
}

void check_comparable(Relation rel) {
  switch (rel->rd_rel->relkind) {
    case RELKIND_RELATION:
    case RELKIND_PARTITIONED_TABLE:
      break;
    case RELKIND_MATVIEW:
      if (!RelationIsPopulated(rel))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("materialized view \"%s\" has not been populated",
                               RelationGetRelationName(rel)),
                        errhint("Use REFRESH MATERIALIZED VIEW.")));
      break;
    case RELKIND_VIEW:
      refuse(rel, "a view");
      break;
    case RELKIND_FOREIGN_TABLE:
      refuse(rel, "a foreign table");
      break;
    default:
      refuse(rel, "not a table");
  }
  if (RELATION_IS_OTHER_TEMP(rel)) refuse(rel, "a temporary table of another session");
  if (rel->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED && RecoveryInProgress())
    refuse(rel, "unlogged and cannot be read during recovery");
}

Relation open_locked(Oid oid, bool patient, int* budget_ms) {
  if (!patient) {
    LockRelationOid(oid, AccessShareLock);
  } else if (!lock_without_queueing(oid, budget_ms)) {
    char* name = get_rel_name(oid);
    ereport(ERROR,
            (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
             errmsg("could not obtain a lock on relation \"%s\"", name != nullptr ? name : "?"),
             errhint("Another session has locked it exclusively; retry when it is done.")));
  }
  Relation rel = try_relation_open(oid, NoLock);
  if (rel == nullptr)
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("relation with OID %u was dropped meanwhile", oid)));
  check_comparable(rel);
  check_same(rel, GetActiveSnapshot());
  return rel;
}

bool is_not_null(TupleDesc desc, AttrNumber number) {
  return number > 0 && TupleDescAttr(desc, number - 1)->attnotnull;
}

// The index's key columns if it tells every two rows apart, else 0.
int identifying_key(TupleDesc desc, Form_pg_index index, AttrNumber* out) {
  if (!index->indisunique || !index->indisvalid || !index->indimmediate) return 0;
  for (int i = 0; i < index->indnkeyatts; ++i) {
    out[i] = index->indkey.values[i];
    if (!is_not_null(desc, out[i])) return 0;
  }
  return index->indnkeyatts;
}

NameList names_of(Relation rel, const AttrNumber* numbers, int count) {
  NameList list{count,
                static_cast<const char**>(palloc(sizeof(char*) * static_cast<Size>(count + 1)))};
  for (int i = 0; i < count; ++i)
    list.names[i] = pstrdup(NameStr(TupleDescAttr(RelationGetDescr(rel), numbers[i] - 1)->attname));
  return list;
}

// Of several the one with the fewest columns, then the one whose name comes first.
NameList unique_key(Relation rel) {
  AttrNumber best[INDEX_MAX_KEYS];
  int best_count = 0;
  char* best_name = nullptr;
  List* indexes = RelationGetIndexList(rel);
  ListCell* cell = nullptr;
  foreach (cell, indexes) {
    HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
    if (!HeapTupleIsValid(tuple)) continue;
    AttrNumber key[INDEX_MAX_KEYS];
    int count = 0;
    if (heap_attisnull(tuple, Anum_pg_index_indpred, nullptr))
      count = identifying_key(RelationGetDescr(rel),
                              reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple)), key);
    ReleaseSysCache(tuple);
    if (count == 0) continue;
    char* name = get_rel_name(lfirst_oid(cell));
    if (name == nullptr) continue;
    if (best_count != 0 &&
        (count > best_count || (count == best_count && strcmp(name, best_name) > 0)))
      continue;
    best_count = count;
    best_name = name;
    memcpy(best, key, sizeof key);
  }
  list_free(indexes);
  return names_of(rel, best, best_count);
}

bool is_number(Oid type) {
  switch (type) {
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case OIDOID:
    case FLOAT4OID:
    case FLOAT8OID:
    case NUMERICOID:
      return true;
    default:
      return false;
  }
}

void describe_column(Form_pg_attribute att, SideColumn* out) {
  out->name = pstrdup(NameStr(att->attname));
  out->type = format_type_with_typemod(att->atttypid, att->atttypmod);
  out->generated = att->attgenerated == kGeneratedStored;
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(getBaseType(att->atttypid)));
  if (!HeapTupleIsValid(tuple))
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                    errmsg("type with OID %u does not exist", att->atttypid)));
  auto* type = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
  out->base = pstrdup(NameStr(type->typname));
  out->number = is_number(type->oid);
  ReleaseSysCache(tuple);
}

}  // namespace

Side* open_side(Oid relation, bool patient) {
  // 0 is for ever: no one waits for so long here.
  int budget_ms = settings.lock_timeout > 0 ? settings.lock_timeout : INT_MAX;
  auto* side = static_cast<Side*>(palloc0(sizeof(Side)));
  side->snapshot = GetActiveSnapshot();
  side->root = open_locked(relation, patient, &budget_ms);
  check_readable(side->root);
  if (side->root->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) {
    side->leaves = static_cast<Relation*>(palloc(sizeof(Relation)));
    side->leaves[side->count++] = side->root;
    return side;
  }
  // Rights on the root suffice, as for a query.
  List* members = find_all_inheritors(relation, NoLock, nullptr);
  side->leaves =
      static_cast<Relation*>(palloc(sizeof(Relation) * static_cast<Size>(list_length(members))));
  ListCell* cell = nullptr;
  foreach (cell, members) {
    if (lfirst_oid(cell) == relation) continue;
    Relation leaf = open_locked(lfirst_oid(cell), patient, &budget_ms);
    if (leaf->rd_rel->relkind == RELKIND_PARTITIONED_TABLE) {
      relation_close(leaf, NoLock);
    } else {
      side->leaves[side->count++] = leaf;
    }
  }
  list_free(members);
  return side;
}

void close_side(Side* side) {
  for (int i = 0; i < side->count; ++i)
    if (side->leaves[i] != side->root) relation_close(side->leaves[i], NoLock);
  relation_close(side->root, NoLock);
}

void describe(const Side& side, SideDescription* out) {
  *out = SideDescription{};
  TupleDesc desc = RelationGetDescr(side.root);
  for (int i = 0; i < side.count; ++i) out->blocks += RelationGetNumberOfBlocks(side.leaves[i]);
  out->columns =
      static_cast<SideColumn*>(palloc0(sizeof(SideColumn) * static_cast<Size>(desc->natts + 1)));
  for (int i = 0; i < desc->natts; ++i) {
    Form_pg_attribute att = TupleDescAttr(desc, i);
    if (att->attisdropped || att->attgenerated == kGeneratedVirtual) continue;
    describe_column(att, &out->columns[out->count++]);
  }
  AttrNumber key[INDEX_MAX_KEYS];
  out->primary = names_of(side.root, key, primary_key(side.root, key));
  if (out->primary.count == 0) out->unique = unique_key(side.root);
}

}  // namespace pgdr
