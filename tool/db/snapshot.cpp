#include "db/snapshot.hpp"

#include <cstdlib>

namespace pgdr::db {

Result<std::unique_ptr<ExportedSnapshot>> ExportedSnapshot::begin(Connection& db) {
  PGDR_TRY(const Value recovery, db.scalar("SELECT pg_catalog.pg_is_in_recovery()"));
  const bool in_recovery = recovery == "t";
  std::unique_ptr<ExportedSnapshot> snapshot(new ExportedSnapshot(db));
  PGDR_CHECK(db.exec(in_recovery ? "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                                 : "BEGIN ISOLATION LEVEL REPEATABLE READ, READ WRITE"));
  snapshot->open_ = true;
  // The snapshot is taken when this statement starts, after statement_timestamp(): what committed
  // before that moment is certainly in it.
  PGDR_TRY(const Rows rows,
           db.query("SELECT pg_catalog.pg_export_snapshot(), pg_catalog.statement_timestamp(), "
                    "CASE WHEN pg_catalog.pg_is_in_recovery() "
                    "THEN pg_catalog.pg_last_wal_replay_lsn() "
                    "ELSE pg_catalog.pg_current_wal_lsn() END, "
                    "(SELECT system_identifier FROM pg_catalog.pg_control_system()), "
                    "pg_catalog.current_setting('server_version')"));
  const Row& row = rows.at(0);
  SnapshotFacts& facts = snapshot->facts_;
  facts.id = row[0].value_or("");
  PGDR_TRY(facts.recovery_point, parse_iso(row[1].value_or("")));
  facts.lsn = row[2].value_or("");
  facts.system_identifier = row[3].value_or("");
  facts.version = row[4].value_or("");
  facts.version_num = db.server_version();
  facts.in_recovery = in_recovery;
  return snapshot;
}

ExportedSnapshot::~ExportedSnapshot() {
  if (!open_) return;
  // A cancel that was meant for the statement before may hit the first one. Where both fail, the
  // connection is gone, and the transaction with it.
  if (db_.exec("ROLLBACK")) return;
  [[maybe_unused]] const Status ignored = db_.exec("ROLLBACK");
}

Status ExportedSnapshot::commit() {
  open_ = false;
  return db_.exec("COMMIT");
}

}  // namespace pgdr::db
