// One MVCC snapshot that the fingerprints and pg_dump share.
//
//   PGDR_TRY(auto snapshot, db::ExportedSnapshot::begin(*db));
//   … pg_dump --snapshot=snapshot->id() …, statements on *db see the same rows …
//   PGDR_CHECK(snapshot->commit());
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "db/connection.hpp"

namespace pgdr::db {

// What identifies the server and the moment.
struct SnapshotFacts {
  std::string id;                 // for SET TRANSACTION SNAPSHOT and pg_dump --snapshot
  Time recovery_point{};          // every transaction committed before it is in the snapshot
  std::string lsn;                // write position (in recovery: replay position) at that moment
  std::string system_identifier;  // of the cluster, decimal
  std::string version;            // "15.20 (Debian 15.20-0+deb12u1)"
  int version_num = 0;            // 150020
  bool in_recovery = false;
};

// A REPEATABLE READ transaction on a connection, with its snapshot exported for as long as it is
// open. The connection stays the caller's and outlives this; destroyed without commit(): rolled
// back. READ WRITE, save in recovery, where the server knows only READ ONLY.
class ExportedSnapshot {
 public:
  static Result<std::unique_ptr<ExportedSnapshot>> begin(Connection& db);
  ExportedSnapshot(const ExportedSnapshot&) = delete;
  ExportedSnapshot& operator=(const ExportedSnapshot&) = delete;
  ~ExportedSnapshot();

  [[nodiscard]] const SnapshotFacts& facts() const { return facts_; }
  [[nodiscard]] const std::string& id() const { return facts_.id; }
  Status commit();
  // What `read` gives, in the transaction, but none of the locks that it took stay.
  template <class Read>
  auto apart(Read read) -> decltype(read()) {
    PGDR_CHECK(db_.exec("SAVEPOINT pgdr_apart"));
    auto result = read();
    PGDR_CHECK(db_.exec("ROLLBACK TO SAVEPOINT pgdr_apart; RELEASE SAVEPOINT pgdr_apart"));
    return result;
  }

 private:
  explicit ExportedSnapshot(Connection& db) : db_(db) {}

  Connection& db_;
  SnapshotFacts facts_;
  bool open_ = false;
};

}  // namespace pgdr::db
