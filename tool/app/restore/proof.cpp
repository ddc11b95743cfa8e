#include "app/restore/proof.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/warn.hpp"

namespace pgdr::app {
namespace {

using Json = nlohmann::ordered_json;

Json options_of(const ProofRequest& request) {
  Json options{{"triggered_by", "restore"}};
  if (request.no_owner) options["no_owner"] = true;
  if (request.no_acl) options["no_acl"] = true;
  if (request.partial) options["only"] = request.tables;
  if (!request.without.empty()) options["without"] = request.without;
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

std::string object_of(const FailedStatement& f) {
  return f.schema.empty() ? f.tag : f.schema + "." + f.tag;
}

// What the comparison does not explain becomes findings, the problems first, and the verdict.
void deny(ProofResult& result, const ProofRequest& request,
          const std::vector<FailedStatement>& left) {
  constexpr std::size_t kShown = 100;
  std::vector<db::Finding> problems;
  for (const auto& f : left) {
    if (problems.size() == kShown) break;
    std::string kind = f.kind.empty() ? "statement" : f.kind;
    std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) {
      return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
    });
    problems.push_back({"mismatch", kind, object_of(f), "restored", std::nullopt, std::nullopt,
                        "its statement failed: " + f.message});
  }
  const std::uint64_t count = left.size() + request.failed_unseen;
  if (problems.empty()) {
    problems.push_back({"mismatch", "statement", "", "restored", std::nullopt, std::nullopt,
                        "statements failed of which pg_restore's words were lost"});
  }
  db::Finding& verdict = result.findings.back();
  verdict.status = "failed";
  verdict.detail = fmt::format(
      "not proven: {} of the restore failed, and the comparison with {} "
      "does not explain {}",
      plural(count, "statement"), request.label, count == 1 ? "it" : "them");
  result.findings.insert(result.findings.begin(), problems.begin(), problems.end());
  result.passed = false;
  result.denied = true;
}

// Runs a comparison that records itself; keeps the record only if what failed is explained.
template <class Compare>
Result<ProofResult> compare(const ProofRequest& request, db::Connection& session, Compare ask) {
  const bool failures = !request.failed.empty() || request.failed_unseen > 0;
  if (failures) PGDR_CHECK(session.exec("BEGIN"));
  ProofResult result;
  auto findings = ask();
  if (!findings) {
    if (failures) static_cast<void>(session.exec("ROLLBACK").ok());
    return findings.error();
  }
  result.findings = std::move(*findings);
  result.passed = passed(result.findings);
  if (!failures) return result;
  const auto left = unexplained(request.failed, result.findings, request.clean);
  if (!result.passed || (left.empty() && request.failed_unseen == 0)) {
    PGDR_CHECK(session.exec("COMMIT"));
    return result;
  }
  PGDR_CHECK(session.exec("ROLLBACK"));
  deny(result, request, left);
  return result;
}

std::optional<std::int64_t> record(const ProofRequest& request, db::Catalog& catalog, Time started,
                                   const ProofResult& result) {
  db::VerificationRecord record;
  record.label = request.label;
  record.target = request.database;
  record.started_at = started;
  record.finished_at = system_clock().now();
  record.findings = findings_json(result.findings);
  record.server = request.server;
  const auto id = catalog.verification_record(record);
  if (id) return *id;
  log_warning(id.error());
  return std::nullopt;
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
  PGDR_TRY(ProofResult result, compare(request, *inside, [&] {
             return there.verify_snapshot(request.document, options_of(request).dump());
           }));
  if (catalog != nullptr) result.verification = record(request, *catalog, started, result);
  return result;
}

}  // namespace

Result<ProofResult> prove(ProofRequest& request, db::Catalog* catalog, db::Connection* source,
                          bool same_server, Target& target) {
  // A comparison of nothing would pass.
  if (request.partial && request.tables.empty()) {
    return Error::of(Code::kFailed, "no table was restored, and only those are compared");
  }
  if (catalog == nullptr || source == nullptr || !same_server) {
    return prove_in_target(request, catalog, target);
  }
  const Time started = system_clock().now();
  PGDR_TRY(const std::int64_t snapshot, baseline(request, *catalog, *source));
  PGDR_CHECK(give_key(request, *catalog));
  PGDR_TRY(ProofResult result, compare(request, *source, [&] {
             return catalog->verify_against(request.database, snapshot, request.label,
                                            options_of(request).dump());
           }));
  result.verification =
      result.denied ? record(request, *catalog, started, result) : last_verification(*source);
  return result;
}

}  // namespace pgdr::app
