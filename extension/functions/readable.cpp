// Who may read a whole table (engine.hpp).
#include "engine/engine.hpp"

namespace pgdr {

Relation open_for_reading(Oid oid) {
  Relation rel = try_relation_open(oid, AccessShareLock);
  if (rel == nullptr)
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", oid)));
  return rel;
}

void check_readable(Relation rel) {
  const Oid oid = RelationGetRelid(rel);
  const char* name = RelationGetRelationName(rel);
  if (pg_class_aclcheck(oid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
      pg_attribute_aclcheck_all(oid, GetUserId(), ACL_SELECT, ACLMASK_ALL) != ACLCHECK_OK)
    ereport(
        ERROR,
        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for table %s", name),
         errhint("A fingerprint needs SELECT on every column; grant it, or membership in "
                 "pg_read_all_data.")));
  if (check_enable_rls(oid, InvalidOid, true) == RLS_ENABLED)
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
             errmsg("row security would hide rows of table %s", name),
             errdetail("A fingerprint of the visible rows alone would prove nothing."),
             errhint("Use a role with BYPASSRLS, or the table's owner where row security is not "
                     "forced.")));
}

}  // namespace pgdr
