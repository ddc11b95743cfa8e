// The single checks of doctor: each looks at some facts and appends its lines. Pure; internal to
// doctor.
#pragma once

#include <string>
#include <vector>

#include "app/doctor/doctor.hpp"

namespace pgdr::app {

using Checks = std::vector<Check>;

// doctor_checks_server.cpp
void check_connection(const DoctorFacts& facts, Checks& out);
void check_server(const DoctorFacts& facts, Checks& out);
void check_programs(const DoctorFacts& facts, Checks& out);
void check_extension_there(const DoctorFacts& facts, Checks& out);
void check_rights(const DoctorFacts& facts, Checks& out);
void check_globals(const DoctorFacts& facts, Checks& out);
void check_clock(const DoctorFacts& facts, Checks& out);
void check_worker_slots(const DoctorFacts& facts, Checks& out);
void check_trial(const DoctorFacts& facts, Checks& out);
void check_pg_cron(const DoctorFacts& facts, Checks& out);
// doctor_checks_storage.cpp
void check_config(const DoctorFacts& facts, Checks& out);
void check_repositories(const DoctorFacts& facts, Checks& out);
void check_recipients(const DoctorFacts& facts, Checks& out);
void check_identity(const DoctorFacts& facts, Checks& out);
void check_signing(const DoctorFacts& facts, Checks& out);
void check_key_proven(const DoctorFacts& facts, Checks& out);
void check_newest(const DoctorFacts& facts, Checks& out);

// The oldest minor version of a client's major that has no known hole a backup or restore meets;
// 0 when there is none to name. The reason goes into *why.
int oldest_good_minor(int major, std::string* why);

inline void ok(Checks& out, std::string name, std::string finding) {
  out.push_back({std::move(name), Verdict::kOk, std::move(finding), {}, Code::kFailed});
}
inline void warn(Checks& out, std::string name, std::string finding, std::string remedy) {
  out.push_back(
      {std::move(name), Verdict::kWarn, std::move(finding), std::move(remedy), Code::kFailed});
}
inline void fail(Checks& out, std::string name, std::string finding, std::string remedy,
                 Code code = Code::kFailed) {
  out.push_back({std::move(name), Verdict::kFail, std::move(finding), std::move(remedy), code});
}
// The error's own hint as the remedy.
inline void fail(Checks& out, std::string name, const Error& error) {
  fail(out, std::move(name), to_string(error), error.hint, error.code);
}

}  // namespace pgdr::app
