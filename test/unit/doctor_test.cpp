#include "app/doctor/doctor.hpp"

#include <functional>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/doctor/doctor_checks.hpp"
#include "base/version.hpp"
#include "command/doctor.hpp"

namespace pgdr::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kGiB = 1ULL << 30;

// Facts of a set where nothing is wrong.
DoctorFacts healthy() {
  DoctorFacts facts;
  facts.set.name = "shop";
  facts.config_path = "/etc/pgdr.toml";
  facts.now = Time{std::chrono::hours(500000)};
  ServerFacts& server = facts.server;
  server.version_num = 150020;
  server.version = "15.20";
  server.database = "shop";
  server.role = "backup";
  server.extension = {std::string(kVersion), std::string(kVersion)};
  server.may_record = true;
  server.reads_passwords = true;
  server.database_bytes = kGiB;
  server.now = server.host_now = facts.now;
  server.worker_slots = 8;
  server.cron_installed = true;
  server.cron_database = "shop";
  facts.cron = CronFacts{{}, true, true, "succeeded", "1 row", "2026-11-21 02:00:00+00"};
  facts.trial.done = true;
  server.rpo_seconds = 86400;
  for (const char* name : {"pg_dump", "pg_restore", "pg_dumpall", "psql"}) {
    facts.programs.push_back({name, std::string("/usr/bin/") + name, 150020, {}});
  }
  RepositoryFacts repository;
  repository.name = "local";
  repository.location = "/r";
  repository.free_bytes = 10 * kGiB;
  repository.backups = 3;
  facts.repositories = {repository};
  facts.newest = NewestBackup{"20261121T020000Z-9f3c",
                              "local",
                              facts.now - std::chrono::hours(3),
                              facts.now - std::chrono::hours(3),
                              kGiB / 4,
                              {"age1a", "age1b"},
                              facts.now - std::chrono::hours(1),
                              "20261121T020000Z-9f3c"};
  facts.keys.recipients = {"age1a", "age1b"};
  facts.keys.signing_file = "/s.pem";
  facts.keys.signing_public = "ed25519:x";
  facts.keys.trusted = {"ed25519:x"};
  return facts;
}

TEST(Doctor, HealthyIsAllOk) {
  const auto checks = judge(healthy());
  for (const Check& check : checks) {
    EXPECT_EQ(check.verdict, Verdict::kOk) << check.name << ": " << check.finding;
    EXPECT_TRUE(check.remedy.empty()) << check.name;
  }
  EXPECT_EQ(doctor_exit_code(checks), 0);
  EXPECT_THAT(command::doctor_text(checks, false), HasSubstr("Everything is in order"));
}

struct Ill {
  const char* name;
  std::function<void(DoctorFacts&)> infect;
  const char* check;
  Verdict verdict;
  const char* finding;
  const char* remedy;
  int exit;
};
void PrintTo(const Ill& ill, std::ostream* out) { *out << ill.name; }

class DoctorFinds : public ::testing::TestWithParam<Ill> {};

// Exactly that check changes, with a remedy, and the exit code follows.
TEST_P(DoctorFinds, TheOneThingThatIsWrong) {
  const Ill& ill = GetParam();
  DoctorFacts facts = healthy();
  ill.infect(facts);
  const auto checks = judge(facts);
  int found = 0;
  for (const Check& check : checks) {
    if (check.name != ill.check || check.verdict == Verdict::kOk) {
      EXPECT_EQ(check.verdict, Verdict::kOk) << check.name << ": " << check.finding;
      continue;
    }
    ++found;
    EXPECT_EQ(check.verdict, ill.verdict);
    EXPECT_THAT(check.finding, HasSubstr(ill.finding));
    EXPECT_THAT(check.remedy, HasSubstr(ill.remedy));
    EXPECT_FALSE(check.remedy.empty());
  }
  EXPECT_EQ(found, 1);
  EXPECT_EQ(doctor_exit_code(checks), ill.exit);
}

std::string cron_finding(const DoctorFacts& facts) {
  for (const Check& check : judge(facts)) {
    if (check.name != "pg_cron") continue;
    EXPECT_EQ(check.verdict, Verdict::kOk);
    return check.finding;
  }
  return "not checked";
}

// A convenience: what cannot be seen of it is said, and fails nothing.
TEST(Doctor, CronElsewhereIsNoFault) {
  DoctorFacts facts = healthy();
  facts.server.cron_database = "postgres";
  facts.cron = CronFacts{};
  EXPECT_THAT(cron_finding(facts),
              HasSubstr("present in database postgres; it takes no snapshots"));
  facts.cron->error = Error::of(Code::kDatabaseUnreachable, "may not connect");
  EXPECT_THAT(cron_finding(facts), HasSubstr("not looked at: may not connect"));
  facts.cron = CronFacts{{}, true, true, "", "", ""};
  EXPECT_THAT(cron_finding(facts), HasSubstr("has not run yet"));
  facts.server.cron_installed = false;
  EXPECT_THAT(cron_finding(facts), HasSubstr("not installed"));
}

RepositoryFacts& repository(DoctorFacts& facts) { return facts.repositories.front(); }

INSTANTIATE_TEST_SUITE_P(
    All, DoctorFinds,
    ::testing::Values(
        Ill{"OldServer",
            [](DoctorFacts& f) {
              f.server.version_num = 120005;
              f.server.version = "12.5";
            },
            "server", Verdict::kFail, "12.5 is older than 13", "13 and later", 1},
        Ill{"Standby", [](DoctorFacts& f) { f.server.in_recovery = true; }, "server", Verdict::kWarn,
            "standby", "primary", 0},
        Ill{"CannotRecord",
            [](DoctorFacts& f) {
              f.trial.record = Error::of(Code::kFailed, "cannot execute INSERT in a read-only transaction");
            },
            "try recording", Verdict::kFail, "read-only", "a backup would fail in the same way", 1},
        Ill{"CannotDump",
            [](DoctorFacts& f) { f.trial.dump = Error::of(Code::kFailed, "pg_dump exited", "mend"); },
            "try pg_dump", Verdict::kFail, "pg_dump exited", "mend", 1},
        Ill{"CannotDumpGlobals",
            [](DoctorFacts& f) { f.trial.globals = Error::of(Code::kFailed, "no pg_authid"); },
            "try pg_dumpall", Verdict::kFail, "no pg_authid", "a backup would fail", 1},
        Ill{"CronCannotConnect",
            [](DoctorFacts& f) {
              f.cron->status = "failed";
              f.cron->message = "connection failed";
              f.cron->background_workers = false;
            },
            "pg_cron", Verdict::kWarn, "connection failed", "cron.use_background_workers = on", 0},
        Ill{"CronJobFails",
            [](DoctorFacts& f) {
              f.cron->status = "failed";
              f.cron->message = "ERROR: no";
            },
            "pg_cron", Verdict::kWarn, "2026-11-21 02:00:00+00: ERROR: no", "job_run_details", 0},
        Ill{"OldClient", [](DoctorFacts& f) { f.programs[0].version_num = 140030; }, "pg_dump",
            Verdict::kFail, "14.30 is older than the server (15)", "postgresql-client-15", 1},
        Ill{"BadMinor", [](DoctorFacts& f) { f.programs[1].version_num = 150019; }, "pg_restore",
            Verdict::kWarn, "15.19", "15.20 or later", 0},
        Ill{"BadMinorOfEighteen", [](DoctorFacts& f) { f.programs[0].version_num = 180005; },
            "pg_dump", Verdict::kWarn, "18.5", "18.6 or later", 0},
        Ill{"MarkedColumns",
            [](DoctorFacts& f) {
              f.server.marks_columns = true;
              f.programs[0].version_num = 180006;
            },
            "pg_dump", Verdict::kWarn, "pg_attver", "of the server's own release", 0},
        Ill{"NoProgram",
            [](DoctorFacts& f) {
              f.programs[2].error = Error::of(Code::kNotFound, "no pg_dumpall", "apt install it");
            },
            "pg_dumpall", Verdict::kFail, "no pg_dumpall", "apt install it", 1},
        Ill{"StrangeProgram", [](DoctorFacts& f) { f.programs[3].version_num = 0; }, "psql",
            Verdict::kFail, "does not say its version", "PATH", 1},
        Ill{"NoExtension", [](DoctorFacts& f) { f.server.extension.installed.reset(); }, "extension",
            Verdict::kFail, "missing in database \"shop\"", "CREATE EXTENSION pgdr", 1},
        Ill{"OldExtension", [](DoctorFacts& f) { f.server.extension.installed = "0.0.1"; },
            "extension", Verdict::kFail, "0.0.1, older", "ALTER EXTENSION pgdr UPDATE", 1},
        Ill{"NoGrant", [](DoctorFacts& f) { f.server.may_record = false; }, "extension",
            Verdict::kFail, "may not call", "SELECT dr.grant_to('\"backup\"', 'backup')", 1},
        Ill{"Unreadable",
            [](DoctorFacts& f) {
              f.server.unreadable = {{"public.a", "public.b"}, 7};
            },
            "rights", Verdict::kFail, "public.a, public.b and 5 more", "pg_read_all_data", 1},
        Ill{"RowSecurity", [](DoctorFacts& f) { f.server.row_security = {{"public.a"}, 1}; },
            "row security", Verdict::kFail, "public.a", "BYPASSRLS", 1},
        Ill{"LargeObjects", [](DoctorFacts& f) { f.server.unreadable_large_objects = 2; },
            "large objects", Verdict::kFail, "2 large objects", "LARGE OBJECT", 1},
        Ill{"NoPasswords", [](DoctorFacts& f) { f.server.reads_passwords = false; }, "globals",
            Verdict::kWarn, "may not read passwords", "pg_read_all_data", 0},
        Ill{"NoGlobals", [](DoctorFacts& f) { f.set.globals = false; }, "globals", Verdict::kWarn,
            "globals = false", "globals = true", 0},
        Ill{"OpenConfig", [](DoctorFacts& f) { f.config_open_to_others = true; }, "configuration",
            Verdict::kFail, "holds a password", "chmod 600 /etc/pgdr.toml", 2},
        Ill{"NoRepository",
            [](DoctorFacts& f) {
              repository(f).error = Error::of(Code::kRepositoryMissing, "gone", "mount it");
            },
            "repository local", Verdict::kFail, "gone", "mount it", 10},
        Ill{"ReadOnly",
            [](DoctorFacts& f) {
              repository(f).not_writable = Error::of(Code::kFailed, "read-only", "remount");
            },
            "repository local", Verdict::kFail, "read-only", "remount", 1},
        Ill{"NotReadable",
            [](DoctorFacts& f) {
              repository(f).not_readable = Error::of(Code::kCorrupt, "other content", "mend it");
            },
            "repository local", Verdict::kFail, "other content", "mend it", 1},
        Ill{"NotRemovable",
            [](DoctorFacts& f) {
              repository(f).not_removable = Error::of(Code::kFailed, "not removed", "allow it");
            },
            "repository local", Verdict::kFail, "not removed", "allow it", 1},
        Ill{"Overwrites", [](DoctorFacts& f) { repository(f).overwrites = true; }, "store local",
            Verdict::kFail, "overwrites", "do not use it", 1},
        Ill{"StoresClock",
            [](DoctorFacts& f) { repository(f).clock_ahead = std::chrono::minutes(-20); },
            "store local", Verdict::kWarn, "20 min 00 s behind", "NTP", 0},
        Ill{"StoreFact",
            [](DoctorFacts& f) {
              repository(f).facts = {{false, "not encrypted", "use https"}};
            },
            "store local", Verdict::kWarn, "not encrypted", "use https", 0},
        Ill{"OpenRepository", [](DoctorFacts& f) { repository(f).open_to_others = true; },
            "repository local", Verdict::kWarn, "other users may enter", "chmod 700 /r", 0},
        Ill{"Broken", [](DoctorFacts& f) { repository(f).broken = 2; }, "repository local",
            Verdict::kWarn, "2 folders without a readable manifest", "pgdr list", 0},
        Ill{"Leftovers", [](DoctorFacts& f) { repository(f).leftovers = 1; }, "repository local",
            Verdict::kWarn, "1 leftover", "next backup", 0},
        Ill{"NoRoom", [](DoctorFacts& f) { repository(f).free_bytes = kGiB / 5; }, "room local",
            Verdict::kFail, "was the last backup", "make room", 1},
        Ill{"LittleRoom", [](DoctorFacts& f) { repository(f).free_bytes = kGiB / 3; }, "room local",
            Verdict::kWarn, "was the last backup", "make room", 0},
        Ill{"NoKey",
            [](DoctorFacts& f) {
              f.keys.lock_error = Error::of(Code::kUsage, "not a recipient", "mend it");
            },
            "encryption", Verdict::kFail, "not a recipient", "mend it", 12},
        Ill{"OneRecipient", [](DoctorFacts& f) { f.keys.recipients.pop_back(); }, "encryption",
            Verdict::kWarn, "one recipient", "second recipient", 0},
        Ill{"Passphrase",
            [](DoctorFacts& f) {
              f.keys.recipients.clear();
              f.keys.passphrase = true;
            },
            "encryption", Verdict::kWarn, "passphrase", "recipients", 0},
        Ill{"KeyHere",
            [](DoctorFacts& f) {
              f.keys.identity_file = "/id";
              f.keys.identity_recipients = {"age1b"};
            },
            "identity", Verdict::kWarn, "private key is on this host: /id", "--identity", 0},
        Ill{"WrongKey",
            [](DoctorFacts& f) {
              f.keys.identity_file = "/id";
              f.keys.identity_recipients = {"age1z"};
            },
            "identity", Verdict::kFail, "/id opens none", "another set's", 12},
        Ill{"OpenKey",
            [](DoctorFacts& f) {
              f.keys.identity_file = "/id";
              f.keys.identity_error = Error::of(Code::kNoKey, "0644", "chmod 600 /id");
            },
            "identity", Verdict::kFail, "0644", "chmod 600 /id", 12},
        Ill{"Unsigned", [](DoctorFacts& f) { f.keys.signing_file.clear(); }, "signing",
            Verdict::kWarn, "not signed", "--signing", 0},
        Ill{"NotTrusted", [](DoctorFacts& f) { f.keys.trusted = {"ed25519:y"}; }, "signing",
            Verdict::kFail, "not among the trusted", "ed25519:x", 2},
        Ill{"Skew",
            [](DoctorFacts& f) { f.server.now = f.server.host_now + std::chrono::seconds(60); },
            "clock", Verdict::kWarn, "between this host and the server", "timedatectl", 0},
        Ill{"BadSkew",
            [](DoctorFacts& f) { f.server.now = f.server.host_now - std::chrono::hours(1); },
            "clock", Verdict::kFail, "between this host and the server", "timedatectl", 1},
        Ill{"ClockBehind",
            [](DoctorFacts& f) { f.newest->finished_at = f.now + std::chrono::hours(1); }, "clock",
            Verdict::kFail, "behind the newest backup", "timedatectl", 1},
        Ill{"NoSlots", [](DoctorFacts& f) { f.server.workers_in_use = 8; }, "worker slots",
            Verdict::kFail, "0 of 8 free", "max_worker_processes", 1},
        Ill{"OneSlot", [](DoctorFacts& f) { f.server.workers_in_use = 7; }, "worker slots",
            Verdict::kWarn, "1 of 8 free", "max_worker_processes", 0},
        Ill{"OldBackup", [](DoctorFacts& f) { f.server.rpo_seconds = 3600; }, "newest backup",
            Verdict::kWarn, "the objective is 1 h", "pgdr backup", 0},
        Ill{"NoKeyProven", [](DoctorFacts& f) { f.newest->opened_at.reset(); }, "key proven",
            Verdict::kWarn, "no restore or deep verification", "verify --deep", 0},
        Ill{"NoBackup",
            [](DoctorFacts& f) { f.newest.reset(); }, "newest backup", Verdict::kWarn,
            "none yet", "pgdr backup --set shop", 0}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Doctor, WithoutAConnectionTheRestIsStillChecked) {
  DoctorFacts facts = healthy();
  facts.connect_error = Error::of(Code::kDatabaseUnreachable, "no answer", "start it");
  facts.server = ServerFacts();
  const auto checks = judge(facts);
  EXPECT_EQ(checks.front().name, "connection");
  EXPECT_EQ(checks.front().verdict, Verdict::kFail);
  EXPECT_EQ(doctor_exit_code(checks), 4);
  std::string names;
  for (const Check& check : checks) names += check.name + "\n";
  EXPECT_THAT(names, HasSubstr("repository local"));
  EXPECT_THAT(names, HasSubstr("encryption"));
  EXPECT_THAT(names, Not(HasSubstr("row security")));
}

TEST(Doctor, TheGravestFailureDecidesTheExitCode) {
  Checks checks;
  fail(checks, "a", "x", "y", Code::kFailed);
  EXPECT_EQ(doctor_exit_code(checks), 1);
  fail(checks, "b", "x", "y", Code::kNoKey);
  EXPECT_EQ(doctor_exit_code(checks), 12);
  fail(checks, "c", "x", "y", Code::kRepositoryMissing);
  EXPECT_EQ(doctor_exit_code(checks), 10);
  fail(checks, "d", "x", "y", Code::kDatabaseUnreachable);
  EXPECT_EQ(doctor_exit_code(checks), 4);
}

TEST(DoctorText, OneLinePerCheckRemedyBelow) {
  Checks checks;
  ok(checks, "a", "fine");
  fail(checks, "longer", "broken", "mend it");
  EXPECT_EQ(command::doctor_text(checks, false),
            "[ok]    a       fine\n"
            "[FAIL]  longer  broken\n"
            "                -> mend it\n"
            "\n"
            "1 check failed\n");
  const auto json = command::doctor_json("shop", checks);
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["checks"][1]["verdict"], "fail");
  EXPECT_TRUE(json["checks"][0]["remedy"].is_null());
}

TEST(ProgramVersion, FromWhatProgramsSay) {
  EXPECT_EQ(parse_program_version("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), 150020);
  EXPECT_EQ(parse_program_version("psql (PostgreSQL) 18beta1\n"), 180000);
  EXPECT_EQ(parse_program_version("something else\n"), 0);
  EXPECT_EQ(parse_program_version("psql (PostgreSQL) " + std::string(1000000, '9')), 0);
  EXPECT_EQ(parse_program_version("psql (PostgreSQL) 15." + std::string(1000000, '9')), 0);
  EXPECT_EQ(parse_program_version("psql (PostgreSQL) 15.x"), 150000);
  EXPECT_EQ(parse_program_version("psql (PostgreSQL) "), 0);
}

TEST(OldestGoodMinor, KnowsTheMajorsItNames) {
  std::string why;
  EXPECT_EQ(oldest_good_minor(15, &why), 20);
  EXPECT_THAT(why, HasSubstr("CVE-2026-116314"));
  EXPECT_EQ(oldest_good_minor(16, &why), 15);
  EXPECT_THAT(why, HasSubstr("CVE-2026-19385"));
  EXPECT_EQ(oldest_good_minor(13, &why), 22);
  EXPECT_EQ(oldest_good_minor(99, &why), 0);
}

// Only a pg_dump that is known to write the marks down is warned of, and only where there are some.
TEST(Doctor, MarksOfColumnsAreAMatterOfTheClient) {
  for (const auto& [marks, version, bad] : {std::tuple{true, 150020, false},
                                            {true, 170012, false},
                                            {true, 180007, false},
                                            {true, 170011, true},
                                            {true, 180006, true},
                                            {false, 180006, false}}) {
    DoctorFacts facts = healthy();
    facts.server.marks_columns = marks;
    for (ProgramFacts& program : facts.programs) program.version_num = version;
    int warned = 0;
    for (const Check& check : judge(facts)) {
      warned += check.finding.find("pg_attver") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(warned, bad ? 1 : 0) << version << (marks ? " with marks" : "");
  }
}

}  // namespace
}  // namespace pgdr::app
