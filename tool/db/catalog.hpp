// Typed client of the extension: its recording functions, snapshots, verification and status.
//
//   PGDR_TRY(auto catalog, db::Catalog::open(*db));
//   PGDR_CHECK(catalog.backup_start({.label = label, .set = "prompt69", .started_at = now}));
//
// Every call is one of a function in schema dr, which only the extension's owner owns. JSON goes in
// and comes out as text. The connection is borrowed and outlives the client.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/fingerprint_key.hpp"
#include "db/connection.hpp"

namespace pgdr::db {

struct BackupStart {
  std::string label;
  std::string set;
  std::string kind = "full";
  Time started_at{};
  std::string detail = "{}";  // JSON
};

struct BackupFinish {
  std::string label;
  std::int64_t snapshot = 0;
  Time finished_at{};
  Time recovery_point{};
  std::string manifest;            // JSON
  std::string state = "complete";  // or "partial", "incomplete"
  std::string reason;              // of "incomplete": what cannot be proven
};

struct CopyRecord {
  std::string label;
  std::string repository;
  std::string location;
  std::string state = "complete";  // complete, missing, damaged, deleted
  std::optional<std::uint64_t> stored_bytes;
  std::optional<std::string> manifest_sha256;
  std::optional<Time> checked_at;
  std::optional<std::string> error;
  bool brought = false;  // written anew: complete, whatever it was known as before
};

struct CopyState {
  std::string state;
  std::string error;
  std::optional<std::string> manifest_sha256;
};

struct RestoreStart {
  std::string label;
  std::string target;                 // database
  std::optional<std::string> server;  // where it is, if not this one; no secrets
  std::string options = "{}";         // JSON
  Time started_at{};
};

struct RestoreFinish {
  std::int64_t restore = 0;
  std::string state;  // complete, complete_with_errors, failed, interrupted
  Time finished_at{};
  std::optional<std::int64_t> verification;
  std::optional<std::string> error;
};

struct VerificationRecord {
  std::string label;
  std::string target;
  Time started_at{};
  Time finished_at{};
  std::string findings;  // JSON array, verdict included
  std::optional<std::string> server;
};

struct EventRecord {
  std::string severity;  // info, warning, error, critical
  std::string kind;
  std::string message;
  std::string detail = "{}";  // JSON
  std::optional<std::string> set;
};

// One row of a comparison; the last one is the verdict (check_name "verdict", status "passed" or
// "failed").
struct Finding {
  std::string status;
  std::string object_type;
  std::string object;
  std::string check_name;
  std::optional<std::string> expected;
  std::optional<std::string> actual;
  std::optional<std::string> detail;
};

struct Objective {
  std::string objective;
  std::optional<std::string> target;
  std::optional<std::string> actual;
  std::string state;  // ok, warning, critical, unknown
  std::optional<std::string> explanation;
};

struct ExtensionState {
  std::optional<std::string> installed;  // version in this database
  std::optional<std::string> available;  // default version of the files on the server
};
Result<ExtensionState> extension_state(Connection& db);
// The error for a database without a usable extension; nullopt when this tool can work with it:
// the same or a newer version. Pure.
std::optional<Error> check_extension(const ExtensionState& state, const std::string& database);
// Compares dotted versions number by number: negative, 0, positive.
int compare_versions(const std::string& a, const std::string& b);

class Catalog {
 public:
  // kFailed, with what to do as a hint, when the extension is missing or older than the tool.
  static Result<Catalog> open(Connection& db);

  [[nodiscard]] const std::string& version() const { return version_; }
  // A text as it is recorded: what is no UTF-8 (of a server's or program's message, of a name) in
  // an escape form (base/escape.hpp), since a catalog in UTF-8 takes nothing else.
  static std::string recordable(const std::string& text);
  // The function's qualified, quoted name: for statements that have no method here.
  [[nodiscard]] static std::string name(const std::string& function);

  // Snapshots, verifications and differences of this client are keyed from now on. Tells the
  // server, where the role may, not to log parameters in this session; call it outside a
  // transaction.
  void use_key(FingerprintKey key);

  Result<std::int64_t> backup_start(const BackupStart& start);
  Status backup_finish(const BackupFinish& finish);
  Status backup_fail(const std::string& label, const std::string& error);
  Result<std::int64_t> copy_record(const CopyRecord& copy);
  // What is recorded of a copy; nullopt: nothing.
  Result<std::optional<CopyState>> copy_state(const std::string& label,
                                              const std::string& repository);
  // The same once: not when an event of that kind said these words of that set in the last 30 days.
  Status event_record_once(const EventRecord& event);
  Result<std::int64_t> backup_import(const std::string& manifest, const std::string& repository,
                                     const std::string& location);

  Result<std::int64_t> restore_start(const RestoreStart& start);
  Status restore_finish(const RestoreFinish& finish);

  // In the connection's current transaction and snapshot.
  Result<std::int64_t> snapshot_counts(const std::optional<std::string>& label, bool content);
  // The same without waiting for it: collect with receive_id().
  // sequences: what sequences() gave before a dump under the same snapshot started; no snapshot
  // applies to a sequence, and a restored one may be ahead of the record but not behind it.
  Status send_snapshot_counts(const std::optional<std::string>& label, bool content,
                              const std::optional<std::string>& sequences = std::nullopt);
  Result<std::string> sequences();
  Result<std::int64_t> receive_id();
  Result<std::string> snapshot_document(std::int64_t snapshot);
  Result<std::int64_t> snapshot_import(const std::string& document);
  // What the snapshot of a backup says about its key; "" where it is not keyed or not here.
  Result<std::string> backup_key_check(const std::string& label);

  Result<std::vector<Finding>> verify_against(const std::string& target,
                                              std::optional<std::int64_t> snapshot,
                                              const std::optional<std::string>& backup,
                                              const std::string& options = "{}");
  Result<std::vector<Finding>> verify_snapshot(const std::string& document,
                                               const std::string& options = "{}");
  // side, key, column_name, expected, actual, detail. question: copy, source or both.
  Result<Rows> differences(const std::string& target, const std::string& relation,
                           std::uint32_t max_rows, const std::string& question);
  Result<std::int64_t> verification_record(const VerificationRecord& record);

  Result<std::int64_t> event_record(const EventRecord& event);
  // dr_check_integrity('quick'): what catalogs and statistics know to be wrong; status is error,
  // warning or info.
  Result<std::vector<Finding>> check_integrity();
  Result<std::vector<Objective>> status();

 private:
  Catalog(Connection& db, std::string version) : db_(&db), version_(std::move(version)) {}
  // SELECT the function with casts given per argument, e.g. {"$1", "$2::jsonb"}.
  Result<std::int64_t> call_id(const std::string& sql, const std::vector<Value>& params);
  Result<std::vector<Finding>> query_findings(const std::string& call,
                                              const std::vector<Value>& params);
  // The same, and an error unless the last row is a verdict.
  Result<std::vector<Finding>> verified_findings(const std::string& call,
                                                 const std::vector<Value>& params);

  // Closes the call with the key, or null, as its last argument.
  [[nodiscard]] std::string keyed_call(std::string call, std::vector<Value>& params) const;

  Connection* db_;
  std::string version_;
  std::optional<FingerprintKey> key_;
};

}  // namespace pgdr::db
