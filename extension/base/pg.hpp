// PostgreSQL's headers, and every difference between the supported versions (13 to 18) in one
// place.
//
// The only file of the extension that includes postgres.h; every other source includes this one
// first. Rules for all of them: an ERROR leaves by longjmp, so every local object is trivially
// destructible; memory comes from memory contexts; nothing of the C++ runtime is imported
// (script/check-symbols).
#pragma once

#include <sys/socket.h>  // AF_INET, which utils/inet.h builds on

extern "C" {
#include "postgres.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/tupdesc_details.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/instrument.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "tsearch/ts_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/geo_decls.h"
#include "utils/guc.h"
#include "utils/inet.h"
#include "utils/jsonb.h"
#include "utils/jsonpath.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rangetypes.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/snapshot.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"
#include "utils/varbit.h"
#include "utils/varlena.h"

// Collector: catalog queries, deparsing, background workers.
#include "access/xlog.h"
#include "catalog/pg_inherits.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/pg_constraint.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/dbcommands.h"
#include "commands/sequence.h"
#include "executor/functions.h"
#include "lib/stringinfo.h"
#include "libpq/pqmq.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteManip.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/plancache.h"
#include "utils/portal.h"
#include "utils/resowner.h"
#include "utils/ruleutils.h"
#include "utils/timeout.h"

// Catalog indexes are declared with their catalogs: 14 (dfb75e478ad9).
#if PG_VERSION_NUM < 140000
#include "catalog/indexing.h"
#endif

// Multirange types: 14 (6df7a9698bb0).
#if PG_VERSION_NUM >= 140000
#include "utils/multirangetypes.h"
#endif

// Wait events left pgstat.h: 14 (a2b1fb1b7a9c).
#if PG_VERSION_NUM >= 140000
#include "utils/wait_event.h"
#endif

// VARDATA and its kin moved out of postgres.h: 16 (d952373a987b).
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
}

// Exported symbols are marked on every platform: 16 (089480c07705). Before, only on Windows.
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

// elog.h's and c.h's macros that collide with the C++ library or with ours.
#undef Min
#undef Max

namespace pgdr {

// Virtual generated columns: 18 (83ea6c54025b). The letter is free before.
inline constexpr char kGeneratedStored = 's';
inline constexpr char kGeneratedVirtual = 'v';

// "snapshot too old" was removed: 17 (f691f5b80a85). Before, every page read under a snapshot must
// be checked.
inline void check_old_snapshot([[maybe_unused]] Snapshot snapshot, [[maybe_unused]] Relation rel,
                               [[maybe_unused]] Page page) {
#if PG_VERSION_NUM < 170000
  TestForOldSnapshot(snapshot, rel, page);
#endif
}

// The size of an out-of-line value shares its word with the compression method: 14 (bbe0a81db69b).
inline int32 stored_length(const varatt_external& pointer) {
#if PG_VERSION_NUM >= 140000
  return static_cast<int32>(VARATT_EXTERNAL_GET_EXTSIZE(pointer));
#else
  return pointer.va_extsize;
#endif
}
inline bool is_compressed(const varatt_external& pointer) {
  return stored_length(pointer) < pointer.va_rawsize - static_cast<int32>(VARHDRSZ);
}

// Reserving a prefix got its name: 15 (88103567cb8f).
inline void reserve_guc_prefix(const char* prefix) {
#if PG_VERSION_NUM >= 150000
  MarkGUCPrefixReserved(prefix);
#else
  EmitWarningsOnPlaceholders(prefix);
#endif
}

// aclcheck functions were folded into object_aclcheck: 16 (c727f511bd7b).
inline bool may_connect(Oid database, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(DatabaseRelationId, database, role, ACL_CONNECT) == ACLCHECK_OK;
#else
  return pg_database_aclcheck(database, role, ACL_CONNECT) == ACLCHECK_OK;
#endif
}
inline bool may_execute(Oid function, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK;
#else
  return pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK;
#endif
}
inline bool may_use_schema(Oid schema, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK;
#else
  return pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK;
#endif
}

}  // namespace pgdr
