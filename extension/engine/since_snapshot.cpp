#include "engine/since_snapshot.hpp"

namespace pgdr {

namespace {

Since compare_file(Relation rel, Snapshot snapshot) {
  Relation catalog = table_open(RelationRelationId, AccessShareLock);
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ,
              ObjectIdGetDatum(RelationGetRelid(rel)));
  SysScanDesc scan = systable_beginscan(catalog, ClassOidIndexId, true, snapshot, 1, &key);
  HeapTuple tuple = systable_getnext(scan);
  Since since = Since::kUnknown;
  if (HeapTupleIsValid(tuple)) {
    auto* then = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
    since = then->relfilenode == rel->rd_rel->relfilenode ? Since::kSame : Since::kRewritten;
  }
  systable_endscan(scan);
  table_close(catalog, AccessShareLock);
  return since;
}

bool same_column(Form_pg_attribute then, Form_pg_attribute now) {
  return then->attisdropped == now->attisdropped && then->atttypid == now->atttypid &&
         then->attlen == now->attlen && then->attgenerated == now->attgenerated &&
         strncmp(NameStr(then->attname), NameStr(now->attname), NAMEDATALEN) == 0;
}

Since compare_columns(Relation rel, Snapshot snapshot) {
  TupleDesc desc = RelationGetDescr(rel);
  Relation catalog = table_open(AttributeRelationId, AccessShareLock);
  ScanKeyData keys[2];
  ScanKeyInit(&keys[0], Anum_pg_attribute_attrelid, BTEqualStrategyNumber, F_OIDEQ,
              ObjectIdGetDatum(RelationGetRelid(rel)));
  ScanKeyInit(&keys[1], Anum_pg_attribute_attnum, BTGreaterStrategyNumber, F_INT2GT,
              Int16GetDatum(0));
  SysScanDesc scan = systable_beginscan(catalog, AttributeRelidNumIndexId, true, snapshot, 2, keys);
  int same = 0;
  for (HeapTuple tuple = systable_getnext(scan); HeapTupleIsValid(tuple);
       tuple = systable_getnext(scan)) {
    auto* then = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple));
    if (then->attnum > desc->natts || !same_column(then, TupleDescAttr(desc, then->attnum - 1))) {
      same = -1;
      break;
    }
    ++same;
  }
  systable_endscan(scan);
  table_close(catalog, AccessShareLock);
  return same == desc->natts ? Since::kSame : Since::kAltered;
}

}  // namespace

Since since_snapshot(Relation rel, Snapshot snapshot) {
  const Since file = compare_file(rel, snapshot);
  return file == Since::kSame ? compare_columns(rel, snapshot) : file;
}

const char* since_note(Since since) {
  switch (since) {
    case Since::kSame:
      return nullptr;
    case Since::kRewritten:
      return "rewritten after the snapshot was taken (TRUNCATE, ALTER TABLE, CLUSTER or VACUUM "
             "FULL)";
    case Since::kAltered:
      return "its columns were altered after the snapshot was taken";
    case Since::kUnknown:
      break;
  }
  return "the snapshot does not see the relation";
}

void check_same(Relation rel, Snapshot snapshot) {
  const Since since = since_snapshot(rel, snapshot);
  if (since == Since::kSame) return;
  ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                  errmsg("\"%s\" cannot be read as it was: %s", RelationGetRelationName(rel),
                         since_note(since)),
                  errhint("Retry in a new transaction.")));
}

}  // namespace pgdr
