#include "db/catalog.hpp"

#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/escape.hpp"
#include "base/version.hpp"

namespace pgdr::db {
namespace {

Value iso(const std::optional<Time>& time) { return time ? Value(to_iso(*time)) : std::nullopt; }

Value recordable_or_null(const std::optional<std::string>& text) {
  return text ? Value(escape_bytes(*text)) : std::nullopt;
}

template <class Integer>
Value number(const std::optional<Integer>& value) {
  return value ? Value(std::to_string(*value)) : std::nullopt;
}

Result<std::int64_t> to_id(const Rows& rows) {
  std::int64_t id = 0;
  if (rows.size() == 1 && !rows[0].empty() && rows[0][0]) {
    const std::string& text = *rows[0][0];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error == std::errc() && end == text.data() + text.size()) return id;
  }
  return Error::of(Code::kFailed, "the extension gave no id");
}

// A missing function means that the extension in the database is not the one whose version it says.
Error explained(const Error& error, const std::string& function) {
  Error out = error.context(function);
  if (error.sqlstate == "42883") {
    out.hint = "the extension lacks this function: drop it and create it again, or update it";
  }
  if (error.sqlstate == "42501") {
    out.hint =
        "let this role use the extension, as a superuser: SELECT dr.grant_to('ROLE', 'backup');";
  }
  return out;
}

}  // namespace

// Schema dr belongs to the extension's owner: nobody else can put a function there. The dr_* entry
// points of the schema that the extension was created in are for people.
std::string Catalog::name(const std::string& function) { return "dr." + quote_ident(function); }

std::string Catalog::recordable(const std::string& text) { return escape_bytes(text); }

Result<std::int64_t> Catalog::call_id(const std::string& sql, const std::vector<Value>& params) {
  PGDR_TRY(const Rows rows, db_->query(sql, params));
  return to_id(rows);
}

Result<std::int64_t> Catalog::backup_start(const BackupStart& start) {
  auto id = call_id(
      fmt::format("SELECT {}($1::text, $2::text, $3::text, $4::timestamptz, $5::text, $6::jsonb)",
                  name("backup_start")),
      {start.label, start.set, start.kind, to_iso(start.started_at), std::string(kVersion),
       start.detail});
  if (!id) return explained(id.error(), "cannot record the start of the backup");
  return id;
}

Status Catalog::backup_finish(const BackupFinish& finish) {
  const bool incomplete = finish.state == "incomplete";
  Status done = db_->exec(
      fmt::format("SELECT {}($1::text, $2::bigint, $3::timestamptz, $4::timestamptz, $5::jsonb, "
                  "$6::text)",
                  name(incomplete ? "backup_incomplete" : "backup_finish")),
      {finish.label, std::to_string(finish.snapshot), to_iso(finish.finished_at),
       to_iso(finish.recovery_point), finish.manifest,
       incomplete ? recordable(finish.reason) : finish.state});
  if (!done) return explained(done.error(), "cannot record the end of the backup");
  return done;
}

Status Catalog::backup_fail(const std::string& label, const std::string& error) {
  Status done = db_->exec(
      fmt::format("SELECT {}($1::text, $2::text, clock_timestamp())", name("backup_fail")),
      {label, recordable(error)});
  if (!done) return explained(done.error(), "cannot record the failure of the backup");
  return done;
}

Result<std::int64_t> Catalog::copy_record(const CopyRecord& copy) {
  if (copy.brought) {
    auto brought =
        call_id(fmt::format("SELECT {}($1::text, $2::text, $3::text, $4::bigint, $5::text)",
                            name("copy_brought")),
                {copy.label, copy.repository, copy.location, number(copy.stored_bytes),
                 copy.manifest_sha256});
    if (!brought) return explained(brought.error(), "cannot record the copy");
    if (!copy.checked_at) return brought;
  }
  auto id =
      call_id(fmt::format("SELECT {}($1::text, $2::text, $3::text, $4::text, $5::bigint, $6::text, "
                          "$7::timestamptz, $8::text)",
                          name("copy_record")),
              {copy.label, copy.repository, copy.location, copy.state, number(copy.stored_bytes),
               copy.manifest_sha256, iso(copy.checked_at), recordable_or_null(copy.error)});
  if (!id) return explained(id.error(), "cannot record the copy");
  return id;
}

Result<std::optional<CopyState>> Catalog::copy_state(const std::string& label,
                                                     const std::string& repository) {
  PGDR_TRY(const Rows rows, db_->query("SELECT c.state, c.error, c.manifest_sha256 "
                                       "FROM dr.backups b JOIN dr.copies c ON c.backup = b.id "
                                       "WHERE b.label = $1 AND c.repository = $2",
                                       {label, repository}));
  if (rows.empty()) return std::optional<CopyState>();
  return std::optional(CopyState{rows[0][0].value_or(""), rows[0][1].value_or(""), rows[0][2]});
}

Status Catalog::event_record_once(const EventRecord& event) {
  PGDR_TRY(const Rows rows,
           db_->query("SELECT FROM dr.events WHERE kind = $1 AND message = $2 "
                      "AND set_name IS NOT DISTINCT FROM $3 AND at > now() - interval '30 days' "
                      "LIMIT 1",
                      {event.kind, event.message, event.set}));
  if (!rows.empty()) return success();
  PGDR_CHECK(event_record(event));
  return success();
}

Result<std::int64_t> Catalog::backup_import(const std::string& manifest,
                                            const std::string& repository,
                                            const std::string& location) {
  auto id = call_id(fmt::format("SELECT {}($1::jsonb, $2::text, $3::text)", name("backup_import")),
                    {manifest, repository, location});
  if (!id) return explained(id.error(), "cannot import the backup into the catalog");
  return id;
}

Result<std::int64_t> Catalog::restore_start(const RestoreStart& start) {
  auto id =
      call_id(fmt::format("SELECT {}($1::text, $2::text, $3::text, $4::jsonb, $5::timestamptz)",
                          name("restore_start")),
              {start.label, start.target, start.server, start.options, to_iso(start.started_at)});
  if (!id) return explained(id.error(), "cannot record the start of the restore");
  return id;
}

Status Catalog::restore_finish(const RestoreFinish& finish) {
  Status done = db_->exec(
      fmt::format("SELECT {}($1::bigint, $2::text, $3::timestamptz, $4::bigint, $5::text)",
                  name("restore_finish")),
      {std::to_string(finish.restore), finish.state, to_iso(finish.finished_at),
       number(finish.verification), recordable_or_null(finish.error)});
  if (!done) return explained(done.error(), "cannot record the end of the restore");
  return done;
}

void Catalog::use_key(FingerprintKey key) {
  // A server that logs statements logs their parameters, too. Whoever may not change that is told
  // in doc/security.md how a superuser does.
  (void)db_->exec(
      "DO $$ BEGIN PERFORM pg_catalog.set_config('log_parameter_max_length', '0', false); "
      "EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL; END $$");
  key_ = std::move(key);
}

std::string Catalog::keyed_call(std::string call, std::vector<Value>& params) const {
  if (!key_) return call + ", NULL::bytea)";
  params.emplace_back(key_->bytea());
  return fmt::format("{}, ${}::bytea)", call, params.size());
}

Result<Rows> Catalog::differences(const std::string& target, const std::string& relation,
                                  std::uint32_t max_rows, const std::string& question) {
  return db_->query(fmt::format("SELECT side, key, column_name, expected, actual, detail "
                                "FROM {}($1::text, $2::text, $3::integer, $4::bytea, $5::text)",
                                name("differences_question")),
                    {target, relation, std::to_string(max_rows),
                     key_ ? Value(key_->bytea()) : std::nullopt, question});
}

Result<std::int64_t> Catalog::snapshot_counts(const std::optional<std::string>& label,
                                              bool content) {
  PGDR_CHECK(send_snapshot_counts(label, content));
  return receive_id();
}

Status Catalog::send_snapshot_counts(const std::optional<std::string>& label, bool content,
                                     const std::optional<std::string>& sequences) {
  std::vector<Value> params{label, content ? "true" : "false", sequences};
  const std::string call = keyed_call(
      fmt::format("SELECT {}($1::text, $2::boolean, $3::jsonb", name("snapshot_counts")), params);
  return db_->send(call, params);
}

Result<std::string> Catalog::sequences() {
  auto found = db_->scalar("SELECT dr._collect_sequences()::text");
  if (!found) return explained(found.error(), "cannot read the sequences");
  return found->value_or("");
}

Result<std::int64_t> Catalog::receive_id() {
  Result<Rows> rows = db_->receive();
  if (!rows) return explained(rows.error(), "cannot take the snapshot");
  return to_id(*rows);
}

Result<std::string> Catalog::snapshot_document(std::int64_t snapshot) {
  auto document = db_->scalar(fmt::format("SELECT {}($1::bigint)::text", name("snapshot_document")),
                              {std::to_string(snapshot)});
  if (!document) return explained(document.error(), "cannot read the snapshot document");
  if (!*document) {
    return Error::of(Code::kFailed, fmt::format("there is no snapshot {}", snapshot));
  }
  return **document;
}

Result<std::string> Catalog::backup_key_check(const std::string& label) {
  const auto check = db_->query(
      "SELECT s.header ->> 'key_check' FROM dr.backups AS b JOIN dr.snapshots AS s "
      "ON s.id = b.snapshot WHERE b.label = $1",
      {label});
  if (!check) return explained(check.error(), "cannot read the backup's snapshot");
  return check->empty() ? std::string() : (*check)[0][0].value_or("");
}

Result<std::int64_t> Catalog::snapshot_import(const std::string& document) {
  auto id = call_id(fmt::format("SELECT {}($1::jsonb)", name("snapshot_import")), {document});
  if (!id) return explained(id.error(), "cannot import the snapshot document");
  return id;
}

Result<std::vector<Finding>> Catalog::query_findings(const std::string& call,
                                                     const std::vector<Value>& params) {
  PGDR_TRY(Rows rows, db_->query("SELECT status, object_type, object, check_name, expected, "
                                 "actual, detail FROM " +
                                     call,
                                 params));
  std::vector<Finding> findings;
  for (Row& row : rows) {
    findings.push_back({row[0].value_or(""), row[1].value_or(""), row[2].value_or(""),
                        row[3].value_or(""), std::move(row[4]), std::move(row[5]),
                        std::move(row[6])});
  }
  return findings;
}

Result<std::vector<Finding>> Catalog::check_integrity() {
  auto findings = query_findings(name("check_integrity") + "('quick'::text, 5)", {});
  if (!findings) return explained(findings.error(), "cannot check the database's integrity");
  return findings;
}

Result<std::vector<Finding>> Catalog::verified_findings(const std::string& call,
                                                        const std::vector<Value>& params) {
  auto found = query_findings(call, params);
  if (!found) return explained(found.error(), "cannot verify");
  std::vector<Finding>& findings = *found;
  if (findings.empty() || findings.back().check_name != "verdict") {
    return Error::of(Code::kFailed, "the verification ended without a verdict",
                     "this is a defect: treat the database as not verified");
  }
  return found;
}

Result<std::vector<Finding>> Catalog::verify_against(const std::string& target,
                                                     std::optional<std::int64_t> snapshot,
                                                     const std::optional<std::string>& backup,
                                                     const std::string& options) {
  std::vector<Value> params{target, number(snapshot), backup, options};
  const std::string call = keyed_call(
      fmt::format("{}($1::text, $2::bigint, $3::text, $4::jsonb", name("verify_against")), params);
  return verified_findings(call, params);
}

Result<std::vector<Finding>> Catalog::verify_snapshot(const std::string& document,
                                                      const std::string& options) {
  std::vector<Value> params{document, options};
  const std::string call =
      keyed_call(fmt::format("{}($1::jsonb, $2::jsonb", name("verify_snapshot")), params);
  return verified_findings(call, params);
}

Result<std::int64_t> Catalog::verification_record(const VerificationRecord& record) {
  auto id = call_id(
      fmt::format("SELECT {}($1::text, $2::text, $3::timestamptz, $4::timestamptz, $5::jsonb, "
                  "$6::text)",
                  name("verification_record")),
      {record.label, record.target, to_iso(record.started_at), to_iso(record.finished_at),
       recordable(record.findings), record.server});
  if (!id) return explained(id.error(), "cannot record the verification");
  return id;
}

Result<std::int64_t> Catalog::event_record(const EventRecord& event) {
  auto id =
      call_id(fmt::format("SELECT {}($1::text, $2::text, $3::text, $4::jsonb, $5::text)",
                          name("event_record")),
              {event.severity, event.kind, recordable(event.message), event.detail, event.set});
  if (!id) return explained(id.error(), "cannot record the event");
  return id;
}

Result<std::vector<Objective>> Catalog::status() {
  Result<Rows> rows = db_->query(fmt::format(
      "SELECT objective, target, actual, state, explanation FROM {}()", name("status")));
  if (!rows) {
    Error error = explained(rows.error(), "cannot read the status");
    if (error.sqlstate == "42501") {
      error.hint =
          "let this role read the status, as a superuser: SELECT dr.grant_to('ROLE', 'monitor');";
    }
    return error;
  }
  std::vector<Objective> objectives;
  for (Row& row : *rows) {
    objectives.push_back({row[0].value_or(""), std::move(row[1]), std::move(row[2]),
                          row[3].value_or("unknown"), std::move(row[4])});
  }
  return objectives;
}

}  // namespace pgdr::db
