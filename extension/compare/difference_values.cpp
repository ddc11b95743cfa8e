// Values of single rows as text (difference_side.hpp).
#include "compare/difference_side.hpp"

#include "foreign/output.hpp"

namespace pgdr {

void RowReader::open(const core::RowEntry& entry) {
  if (context_ == nullptr)
    context_ = AllocSetContextCreate(owner_, "pgdr values", ALLOCSET_DEFAULT_SIZES);
  if (entry.leaf >= static_cast<uint32>(side_.count))
    ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("no partition %u", entry.leaf)));
  Relation leaf = side_.leaves[entry.leaf];
  if (leaf != leaf_) {
    if (slot_ != nullptr) ExecDropSingleTupleTableSlot(slot_);
    MemoryContext outer = MemoryContextSwitchTo(owner_);
    slot_ = table_slot_create(leaf, nullptr);
    name_relation(&place_, leaf);
    MemoryContextSwitchTo(outer);
    leaf_ = leaf;
  }
  ItemPointerData tid;
  ItemPointerSet(&tid, entry.block, static_cast<OffsetNumber>(entry.offset));
  enter_tuple(&place_, tid);
  enter_place(&place_);
  // The snapshot that found the row keeps it there.
  if (!table_tuple_fetch_row_version(leaf, &tid, side_.snapshot, slot_))
    ereport(ERROR,
            (errcode(ERRCODE_INTERNAL_ERROR),
             errmsg("a row of \"%s\" vanished while it was read", RelationGetRelationName(leaf))));
  leave_place(&place_);
}

const char* RowReader::value(const char* name) {
  MemoryContextReset(context_);
  TupleDesc desc = RelationGetDescr(leaf_);
  int number = 0;
  for (int i = 0; i < desc->natts && number == 0; ++i) {
    Form_pg_attribute att = TupleDescAttr(desc, i);
    if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0) number = att->attnum;
  }
  bool is_null = true;
  enter_place(&place_);
  const Datum datum = number == 0 ? 0 : slot_getattr(slot_, number, &is_null);
  if (is_null) {
    leave_place(&place_);
    return nullptr;
  }
  Oid output = InvalidOid;
  bool varlena_type = false;
  getTypeOutputInfo(TupleDescAttr(desc, number - 1)->atttypid, &output, &varlena_type);
  pinned_.pin();
  MemoryContext outer = MemoryContextSwitchTo(context_);
  FmgrInfo function;
  // foreign: none yet, because the function is looked up here and called in its place.
  fmgr_info(output, &function);
  ForeignBudget budget = foreign_budget();
  const char* text = foreign_output(&function, datum, leaf_->rd_rel->relowner, &budget);
  MemoryContextSwitchTo(outer);
  leave_place(&place_);
  return text;
}

const char* RowReader::text(int i) { return value(side_.plan.columns.names[i]); }

const char* RowReader::key_text(int i) { return value(side_.plan.key.names[i]); }

void RowReader::close() {
  pinned_.restore();
  if (slot_ != nullptr) ExecDropSingleTupleTableSlot(slot_);
  if (context_ != nullptr) MemoryContextDelete(context_);
  slot_ = nullptr;
  leaf_ = nullptr;
  context_ = nullptr;
}

}  // namespace pgdr
