// `pgdr doctor`: everything that a backup and a recovery need, checked. Facts are gathered by
// doctor_facts.hpp; judging them is pure and happens here, check by check.
#pragma once

#include <string>
#include <vector>

#include "app/doctor/doctor_facts.hpp"
#include "base/result.hpp"

namespace pgdr::app {

enum class Verdict { kOk, kWarn, kFail };

struct Check {
  std::string name;  // "connection", "repository local", …
  Verdict verdict = Verdict::kOk;
  std::string finding;
  std::string remedy;         // empty when ok
  Code code = Code::kFailed;  // of a kFail: what the exit code comes from
};

// In a fixed order; checks that need what is not there (no connection, …) are left out.
std::vector<Check> judge(const DoctorFacts& facts);
// 0 when nothing failed; else the exit code of the gravest failure: database, repository, key,
// configuration, anything else.
int doctor_exit_code(const std::vector<Check>& checks);
std::string verdict_name(Verdict verdict);  // ok, warn, fail

}  // namespace pgdr::app
