// dr_table_fingerprint(regclass), dr_table_count(regclass): one table from SQL.
#include "engine/engine.hpp"
#include "base/digest_key.hpp"
#include "engine/progress.hpp"
#include "engine/since_snapshot.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_table_fingerprint);
PG_FUNCTION_INFO_V1(dr_table_count);
}

namespace pgdr {

namespace {

void refuse(Relation rel, const char* what, const char* hint) {
  ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                  errmsg("\"%s\" is %s", RelationGetRelationName(rel), what), errhint("%s", hint)));
}

// Errors unless the relation has rows of its own or is partitioned.
void check_kind(Relation rel) {
  constexpr const char* kAggregate =
      "Use the aggregate: SELECT dr_fingerprint(t) FROM relation AS t.";
  constexpr const char* kTables =
      "Tables, partitioned tables and materialized views can be fingerprinted.";
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
      refuse(rel, "a view", kAggregate);
      break;
    case RELKIND_FOREIGN_TABLE:
      refuse(rel, "a foreign table", kAggregate);
      break;
    case RELKIND_SEQUENCE:
      refuse(rel, "a sequence", kTables);
      break;
    case RELKIND_INDEX:
    case RELKIND_PARTITIONED_INDEX:
      refuse(rel, "an index", kTables);
      break;
    case RELKIND_COMPOSITE_TYPE:
      refuse(rel, "a composite type", kTables);
      break;
    default:
      refuse(rel, "not a table", kTables);
  }
  if (RELATION_IS_OTHER_TEMP(rel))
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("\"%s\" is a temporary table of another session", RelationGetRelationName(rel)),
             errhint("Only its own session can read it.")));
}

struct Leaves {
  ReadTask* tasks;
  uint32 count;
};

void add_leaf(Leaves* leaves, Relation rel) {
  check_same(rel, GetActiveSnapshot());
  ReadTask task = read_task(rel);
  task.id = leaves->count;
  task.held = true;
  leaves->tasks[leaves->count++] = task;
}

// The relation itself or, where it is partitioned, every partition that holds rows. They stay
// locked until the end of the transaction, as after a query.
Leaves find_leaves(Oid oid) {
  Relation rel = open_for_reading(oid);
  check_kind(rel);
  check_readable(rel);
  Leaves leaves{};
  if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) {
    leaves.tasks = static_cast<ReadTask*>(palloc(sizeof(ReadTask)));
    add_leaf(&leaves, rel);
    relation_close(rel, NoLock);
    return leaves;
  }
  // Rights on the root suffice, as for a query.
  List* members = find_all_inheritors(oid, AccessShareLock, nullptr);
  leaves.tasks =
      static_cast<ReadTask*>(palloc(sizeof(ReadTask) * static_cast<Size>(list_length(members))));
  ListCell* cell = nullptr;
  foreach (cell, members) {
    if (lfirst_oid(cell) == oid) continue;
    Relation leaf = relation_open(lfirst_oid(cell), NoLock);
    check_kind(leaf);
    if (leaf->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) add_leaf(&leaves, leaf);
    relation_close(leaf, NoLock);
  }
  list_free(members);
  relation_close(rel, NoLock);
  return leaves;
}

struct Total : ContentSink {
  core::Digest digest;
};

// All outcomes but kRead are excluded: the relations are locked and compared with the snapshot.
void add_content(ContentSink* self, const ReadTask&, Outcome, RelationContent* content) {
  static_cast<Total*>(self)->digest.add(content->digest);
}

core::Digest read_leaves(Oid oid, PassMode mode) {
  const Leaves leaves = find_leaves(oid);
  Total total{};
  total.add = add_content;
  read_relations(leaves.tasks, leaves.count, mode, &total);
  report_end();
  return total.digest;
}

}  // namespace

}  // namespace pgdr

extern "C" {

// (relation regclass [, key bytea])
PGDLLEXPORT Datum dr_table_fingerprint(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  if (PG_NARGS() > 1) pgdr::refuse_null_key(PG_ARGISNULL(1));
  pgdr::use_digest_key(pgdr::key_argument(fcinfo, 1));
  pgdr::core::Digest digest = pgdr::read_leaves(PG_GETARG_OID(0), pgdr::PassMode::kDigest);
  digest.algorithm = pgdr::digest_algorithm_in_use();  // also of no rows
  pgdr::drop_digest_key();

  TupleDesc desc = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("function returning record called in context that cannot accept it")));
  char text[pgdr::core::kDigestTextMax];
  pgdr::core::format_digest(digest, text);
  Datum values[2] = {Int64GetDatum(static_cast<int64>(digest.rows)), CStringGetTextDatum(text)};
  bool nulls[2] = {false, false};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

PGDLLEXPORT Datum dr_table_count(PG_FUNCTION_ARGS) {
  const pgdr::core::Digest digest = pgdr::read_leaves(PG_GETARG_OID(0), pgdr::PassMode::kCount);
  PG_RETURN_INT64(static_cast<int64>(digest.rows));
}

}  // extern "C"
