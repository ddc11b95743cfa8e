#include "app/proof.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/warn.hpp"

namespace pgdr::app {
namespace {

using Json = nlohmann::ordered_json;

Json options_of(const ProofRequest& request) {
  Json options{{"triggered_by", "restore"}};
  if (request.no_owner) options["no_owner"] = true;
  if (request.no_acl) options["no_acl"] = true;
  if (request.partial) options["only"] = request.tables;
  return options;
}

Json text(const std::optional<std::string>& value) { return value ? Json(*value) : Json(nullptr); }

std::string findings_json(const std::vector<db::Finding>& findings) {
  Json all = Json::array();
  for (const auto& f : findings) {
    all.push_back({{"status", f.status},
                   {"object_type", f.object_type},
                   {"object", f.object},
                   {"check_name", f.check_name},
                   {"expected", text(f.expected)},
                   {"actual", text(f.actual)},
                   {"detail", text(f.detail)}});
  }
  return all.dump();
}

// The snapshot of the backup in this catalog; imported from the document when it is not there.
Result<std::int64_t> baseline(const ProofRequest& request, db::Catalog& catalog,
                              db::Connection& source) {
  const auto known = source.query(
      "SELECT snapshot FROM dr.backups WHERE label = $1 AND snapshot IS NOT NULL", {request.label});
  if (known && known->size() == 1) return std::stoll((*known)[0][0].value_or("0"));
  if (request.document.empty()) {
    return Error::of(Code::kFailed, "the backup has no snapshot document to compare with");
  }
  return catalog.snapshot_import(request.document);
}

// The row that this session recorded last.
std::optional<std::int64_t> last_verification(db::Connection& session) {
  const auto id = session.scalar(
      "SELECT pg_catalog.currval(pg_catalog.pg_get_serial_sequence('dr.verifications', 'id'))");
  if (!id || !*id) return std::nullopt;
  return std::stoll(**id);
}

bool passed(const std::vector<db::Finding>& findings) {
  return !findings.empty() && findings.back().check_name == "verdict" &&
         findings.back().status == "passed";
}

// Gives the client the key if the backup's fingerprints are keyed. Where the document is at hand it
// decides, and not the catalog, which may have been altered: then the comparison is refused.
Status give_key(ProofRequest& request, db::Catalog& catalog) {
  bool keyed = false;
  if (!request.document.empty()) {
    PGDR_TRY(const auto document, parse_json(request.document));
    keyed = document.is_object() && document.contains("key_check");
  } else {
    PGDR_TRY(const std::string known, catalog.backup_key_check(request.label));
    keyed = !known.empty();
  }
  if (!keyed) {
    if (request.key) {
      log_warning(
          "this backup's fingerprints are not keyed: the proof finds damage, but no forgery");
    }
    return success();
  }
  if (!request.key) {
    return Error::of(Code::kNoKey, "the backup's fingerprints are keyed",
                     "name the file with their key: key_file in [fingerprint]");
  }
  catalog.use_key(std::move(*request.key));
  return success();
}

Result<ProofResult> prove_in_target(ProofRequest& request, db::Catalog* catalog, Target& target) {
  if (request.document.empty()) {
    return Error::of(Code::kFailed, "the backup has no snapshot document to compare with");
  }
  const Time started = system_clock().now();
  PGDR_TRY(const auto inside, target.connect());
  PGDR_TRY(const auto extension, db::extension_state(*inside));
  if (!extension.installed) {
    return Error::of(Code::kFailed,
                     "the target has no extension pgdr, and the source is not on its server",
                     "install the extension there, then: SELECT * FROM dr_verify_snapshot(…)");
  }
  PGDR_TRY(auto there, db::Catalog::open(*inside));
  PGDR_CHECK(give_key(request, there));
  ProofResult result;
  PGDR_TRY(result.findings, there.verify_snapshot(request.document, options_of(request).dump()));
  result.passed = passed(result.findings);
  if (catalog == nullptr) return result;
  db::VerificationRecord record;
  record.label = request.label;
  record.target = request.database;
  record.started_at = started;
  record.finished_at = system_clock().now();
  record.findings = findings_json(result.findings);
  record.server = request.server;
  const auto id = catalog->verification_record(record);
  if (id) {
    result.verification = *id;
  } else {
    log_warning(id.error());
  }
  return result;
}

}  // namespace

Result<ProofResult> prove(ProofRequest& request, db::Catalog* catalog, db::Connection* source,
                          bool same_server, Target& target) {
  if (catalog == nullptr || source == nullptr || !same_server) {
    return prove_in_target(request, catalog, target);
  }
  PGDR_TRY(const std::int64_t snapshot, baseline(request, *catalog, *source));
  PGDR_CHECK(give_key(request, *catalog));
  ProofResult result;
  PGDR_TRY(result.findings, catalog->verify_against(request.database, snapshot, request.label,
                                                    options_of(request).dump()));
  result.passed = passed(result.findings);
  result.verification = last_verification(*source);
  return result;
}

}  // namespace pgdr::app
