#include "app/doctor/doctor.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include "app/doctor/doctor_checks.hpp"

namespace pgdr::app {
namespace {

// The order of the report: what everything else needs comes first.
constexpr std::array kChecks = {
    &check_connection,   &check_server,       &check_programs, &check_extension_there,
    &check_rights,       &check_globals,      &check_trial,    &check_config,
    &check_repositories, &check_recipients,   &check_identity, &check_signing,
    &check_clock,        &check_worker_slots, &check_pg_cron,  &check_newest,
    &check_key_proven,
};

// What an operator must mend first decides the exit code.
constexpr std::array kGravestFirst = {Code::kDatabaseUnreachable, Code::kRepositoryMissing,
                                      Code::kNoKey, Code::kUsage};

}  // namespace

std::vector<Check> judge(const DoctorFacts& facts) {
  std::vector<Check> checks;
  for (const auto& check : kChecks) check(facts, checks);
  return checks;
}

int doctor_exit_code(const std::vector<Check>& checks) {
  const auto failed = [&](Code code) {
    return std::any_of(checks.begin(), checks.end(), [&](const Check& check) {
      return check.verdict == Verdict::kFail && check.code == code;
    });
  };
  for (const Code code : kGravestFirst) {
    if (failed(code)) return exit_code(code);
  }
  const bool any = std::any_of(checks.begin(), checks.end(),
                               [](const Check& check) { return check.verdict == Verdict::kFail; });
  return any ? exit_code(Code::kFailed) : 0;
}

std::string verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kFail:
      return "fail";
  }
  return {};
}

}  // namespace pgdr::app
