#include "app/restore/restore_check.hpp"

#include <fmt/format.h>

#include "app/backup/preflight.hpp"
#include "base/warn.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {

Result<NeedsVerdict> check_target(Target& target, const Manifest& manifest,
                                  const Document& document, NeedOptions options) {
  PGDR_TRY(const TargetFacts facts, survey_target(target.server(), manifest, document));
  if (options.existed) {
    PGDR_TRY(const auto inside, target.connect());
    PGDR_TRY(const auto extension, db::extension_state(*inside));
    options.pgdr_there = extension.installed.has_value();
  }
  NeedsVerdict verdict = judge_needs(manifest, document, facts, options);
  const auto program = client_program("pg_restore", manifest.server_version_num);
  if (!program) {
    verdict.lacks.insert(
        verdict.lacks.begin(),
        Lack{LackLevel::kBlocks, "program", program.error().message, program.error().hint});
  }
  return verdict;
}

Status warn_or_refuse(const std::vector<Lack>& lacks, bool blocked) {
  std::string refused;
  std::string remedy;
  for (const auto& lack : lacks) {
    if (blocked && lack.level == LackLevel::kBlocks) {
      refused += (refused.empty() ? "" : "; ") + lack.message;
      if (remedy.empty()) remedy = lack.remedy;
    } else if (lack.level != LackLevel::kNote || !lack.remedy.empty()) {
      log_warning(Error::of(Code::kFailed, lack.message, lack.remedy));
    }
  }
  if (!blocked) return success();
  return Error::of(Code::kFailed, refused + ": nothing was changed",
                   remedy +
                       "; pgdr restore --plan lists all that the target lacks, --accept-missing "
                       "goes on without it");
}

std::string unfinished_restore(db::Connection& source, const std::string& database) {
  const auto rows = source.query(
      "SELECT b.label, pg_catalog.to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') "
      "FROM dr.restores r JOIN dr.backups b ON b.id = r.backup WHERE r.state = 'running' AND "
      "r.target = $1 ORDER BY r.started_at DESC LIMIT 1",
      {database});
  if (!rows || rows->empty()) return "";
  return fmt::format(
      ". The restore of {} into it began {} UTC and never reported its end: if none is running, "
      "what is there is half of it: DROP DATABASE {};",
      rows->front()[0].value_or(""), rows->front()[1].value_or(""), db::quote_ident(database));
}

}  // namespace pgdr::app
