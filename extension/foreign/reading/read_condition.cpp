// The rows of an extension's configuration table that a dump carries (engine.hpp).
#include "engine/engine.hpp"
#include "foreign/place.hpp"
#include "foreign/query.hpp"

namespace pgdr {

namespace {

constexpr long kFetch = 1000;  // rows per fetch from the cursor

// The query looks the table up by name, as the owner.
void check_owner_reads(Relation rel) {
  const Oid owner = rel->rd_rel->relowner;
  if (may_use_schema(RelationGetNamespace(rel), owner) &&
      pg_class_aclcheck(RelationGetRelid(rel), owner, ACL_SELECT) == ACLCHECK_OK)
    return;
  ereport(ERROR,
          (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
           errmsg("the owner of \"%s\" may not read it", RelationGetRelationName(rel)),
           errdetail("An extension set a condition for which rows of it are dumped; that runs as "
                     "the owner of the table and nobody else."),
           errhint("Grant the owner USAGE on the schema and SELECT on the table.")));
}

}  // namespace

// Only SPI can run the condition. It yields tuple identifiers, so that the rows themselves are read
// and encoded like all others.
void read_by_condition(Relation rel, const char* condition, ConditionOf whose,
                       RelationContent* out) {
  *out = RelationContent{};
  Snapshot snapshot = GetActiveSnapshot();
  ContentPass* pass = begin_pass(rel, snapshot, PassMode::kBuckets, 1);
  TupleTableSlot* slot = table_slot_create(rel, nullptr);
  StringInfoData query;
  initStringInfo(&query);
  appendStringInfo(&query, "SELECT ctid FROM ONLY %s %s",
                   quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
                                              RelationGetRelationName(rel)),
                   condition);
  // pg_dump runs conditions under an empty search_path, too.
  pass->rows.encoder.pinned.pin(Names::kQuoted);
  if (SPI_connect() != SPI_OK_CONNECT)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not connect to SPI")));
  const bool as_owner = whose == ConditionOf::kExtension;
  if (as_owner) check_owner_reads(rel);
  const Oid relation = RelationGetRelid(rel);
  const Oid role = as_owner ? rel->rd_rel->relowner : InvalidOid;
  ForeignBudget budget = budget_for(&relation, 1);
  Portal portal = open_foreign_query(query.data, role, &relation, 1, &budget);
  for (;;) {
    if (fetch_foreign_rows(portal, kFetch, role, &budget) == 0) break;
    // With UNION and a cast a condition could yield another type.
    if (SPI_gettypeid(SPI_tuptable->tupdesc, 1) != TIDOID)
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("the dump condition of \"%s\" yields no row identifiers",
                             RelationGetRelationName(rel))));
    for (uint64 i = 0; i < SPI_processed; ++i) {
      bool is_null = false;
      auto* tid = reinterpret_cast<ItemPointer>(DatumGetPointer(
          SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null)));
      if (is_null || !table_tuple_fetch_row_version(rel, tid, snapshot, slot))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("a row of \"%s\" vanished while it was read",
                               RelationGetRelationName(rel))));
      read_slot(pass, slot);
      ExecClearTuple(slot);
    }
    SPI_freetuptable(SPI_tuptable);
  }
  SPI_cursor_close(portal);
  SPI_finish();
  ExecDropSingleTupleTableSlot(slot);

  out->digest = core::sum_buckets(pass->buckets, core::kBucketBitsMax);
  out->rows = static_cast<int64>(out->digest.rows);
  out->has_generated = pass->has_generated;
  out->generated = pass->generated;
  out->bucket_bits = core::bucket_bits_for(out->digest.rows);
  core::fold_buckets(pass->buckets, core::kBucketBitsMax, out->bucket_bits);
  out->buckets = pass->buckets;
  pass->buckets = nullptr;
  end_pass(pass);
}

}  // namespace pgdr
