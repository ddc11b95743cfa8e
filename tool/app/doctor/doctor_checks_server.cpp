#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "app/doctor/doctor_checks.hpp"
#include "base/format.hpp"
#include "db/connection.hpp"

namespace pgdr::app {
namespace {

constexpr int kOldestServer = 130000;
constexpr std::chrono::seconds kClockSkew{30};
constexpr std::chrono::minutes kClockSkewBad{10};

bool no_server(const DoctorFacts& facts) { return facts.connect_error || facts.server_error; }

std::string version_text(int version_num) {
  return fmt::format("{}.{}", db::major_of(version_num), db::minor_of(version_num));
}

std::string sample_text(const Sample& sample) {
  std::string text = fmt::format("{}", fmt::join(sample.names, ", "));
  if (sample.count > sample.names.size()) {
    text += fmt::format(" and {} more", format_count(sample.count - sample.names.size()));
  }
  return text;
}

struct KnownBad {
  int major;
  int minor;  // the first good one
  const char* why;
};
// Dumping means reading what owners of objects have made, restoring means running what an archive
// says, both with a client that must not be fooled by it. Each entry is the first release that
// fixes:
//   CVE-2025-8714 and 8715, in 17.6, 16.10, 15.14, 14.19 and 13.22 (release notes of 15.14; 13 had
//   no later release): a server or an object's name could put psql commands into a dump.
//   CVE-2026-19385 and 18408, in 18.6, 17.11, 16.15, 15.19 and 14.24 (release notes of 18.6):
//   whoever creates a function could run code in pg_dump, a server at the restore of a plain dump.
//   CVE-2026-116314 and many others, in 17.12 and 15.20 (changelogs of Debian's packages).
constexpr const char* kCraftedObjectNames =
    "before it, names in a dump could run code at restore time (CVE-2025-8714, CVE-2025-8715)";
constexpr const char* kCraftedFunctions =
    "before it, a function in the database could run code in pg_dump (CVE-2026-19385), and the "
    "server at the restore of a plain dump (CVE-2026-18408)";
constexpr const char* kNewest =
    "it fixes CVE-2026-116314 and others; before 17.11 and 15.19, a function in the database could "
    "run code in pg_dump (CVE-2026-19385)";
constexpr std::array kKnownBad = {
    KnownBad{13, 22, kCraftedObjectNames},
    KnownBad{14, 24, kCraftedFunctions},
    KnownBad{15, 20, kNewest},
    KnownBad{16, 15, kCraftedFunctions},
    KnownBad{17, 12, kNewest},
    KnownBad{18, 6, kCraftedFunctions},
};

// Servers that mark columns with pg_attver (15.20 and 17.12 do) are dumped by a client that knows
// of it. 17.11 and 18.6 write the marks down as options, and their servers then refuse every table:
// seen with 15.20's dumps (doc/verification.md). No release of 18 after 18.6 has been seen.
bool writes_marks_down(const ProgramFacts& program) {
  const int major = db::major_of(program.version_num);
  const int minor = db::minor_of(program.version_num);
  return program.name == "pg_dump" && ((major == 17 && minor <= 11) || (major == 18 && minor <= 6));
}

}  // namespace

int oldest_good_minor(int major, std::string* why) {
  const auto found = std::find_if(kKnownBad.begin(), kKnownBad.end(),
                                  [&](const KnownBad& bad) { return bad.major == major; });
  if (found == kKnownBad.end()) return 0;
  *why = found->why;
  return found->minor;
}

void check_connection(const DoctorFacts& facts, Checks& out) {
  if (facts.connect_error) {
    fail(out, "connection", *facts.connect_error);
    return;
  }
  if (facts.server_error) {
    fail(out, "connection", *facts.server_error);
    return;
  }
  ok(out, "connection",
     fmt::format("database {} as role {}", facts.server.database, facts.server.role));
}

void check_server(const DoctorFacts& facts, Checks& out) {
  if (no_server(facts)) return;
  const ServerFacts& server = facts.server;
  if (server.version_num < kOldestServer) {
    fail(out, "server", fmt::format("PostgreSQL {} is older than 13", server.version),
         "pgdr works with PostgreSQL 13 and later");
    return;
  }
  if (server.in_recovery) {
    warn(out, "server", fmt::format("PostgreSQL {}, a standby", server.version),
         "a backup is recorded in the database it comes from: point the set to the primary");
    return;
  }
  ok(out, "server",
     fmt::format("PostgreSQL {}, database of {}", server.version,
                 format_bytes(server.database_bytes)));
}

void check_programs(const DoctorFacts& facts, Checks& out) {
  for (const ProgramFacts& program : facts.programs) {
    if (program.error) {
      fail(out, program.name, to_string(*program.error),
           program.error->hint.empty() ? "install postgresql-client" : program.error->hint);
      continue;
    }
    const int major = db::major_of(program.version_num);
    const int minor = db::minor_of(program.version_num);
    const std::string what = fmt::format("{} {}", program.path, version_text(program.version_num));
    if (program.version_num == 0) {
      fail(out, program.name, program.path + " does not say its version",
           "is it PostgreSQL's? Put PostgreSQL's client programs first in PATH");
      continue;
    }
    const int server_major = no_server(facts) ? 0 : db::major_of(facts.server.version_num);
    if (major < server_major) {
      fail(out, program.name, fmt::format("{} is older than the server ({})", what, server_major),
           fmt::format("install postgresql-client-{}: an older client cannot dump a newer server",
                       server_major));
      continue;
    }
    if (!no_server(facts) && facts.server.marks_columns && writes_marks_down(program)) {
      warn(out, program.name,
           what +
               " writes the server's marks of columns (pg_attver) into dumps, which no server "
               "takes back",
           "use pg_dump of the server's own release, or a later minor release than this one: the "
           "tables that were made or altered since the server has such marks cannot be restored");
      continue;
    }
    std::string why;
    const int good = oldest_good_minor(major, &why);
    if (minor < good) {
      warn(out, program.name, what, fmt::format("update to {}.{} or later: {}", major, good, why));
      continue;
    }
    ok(out, program.name, what);
  }
}

void check_extension_there(const DoctorFacts& facts, Checks& out) {
  if (no_server(facts)) return;
  const ServerFacts& server = facts.server;
  if (const auto error = db::check_extension(server.extension, server.database)) {
    fail(out, "extension", *error);
    return;
  }
  if (server.may_record && !*server.may_record) {
    fail(out, "extension",
         fmt::format("role {} may not call the recording functions of pgdr", server.role),
         fmt::format("as a superuser: SELECT dr.grant_to({}, 'backup');",
                     db::quote_literal(db::quote_ident(server.role))));
    return;
  }
  ok(out, "extension", fmt::format("pgdr {}", *server.extension.installed));
}

void check_rights(const DoctorFacts& facts, Checks& out) {
  if (no_server(facts)) return;
  const ServerFacts& server = facts.server;
  const std::string role = db::quote_ident(server.role);
  if (server.unreadable.count > 0) {
    fail(out, "rights",
         fmt::format("role {} may not read {}: {}", server.role,
                     plural(server.unreadable.count, "table or sequence", "tables and sequences"),
                     sample_text(server.unreadable)),
         server.version_num >= db::kHasReadAllData
             ? fmt::format("as a superuser: GRANT pg_read_all_data TO {};", role)
             : fmt::format("grant {} USAGE on the schemas and SELECT on their tables", role));
  } else {
    ok(out, "rights", "every table and sequence can be read");
  }
  if (server.row_security.count > 0) {
    fail(out, "row security",
         fmt::format("policies would hide rows of {} from role {}: {}",
                     plural(server.row_security.count, "table"), server.role,
                     sample_text(server.row_security)),
         fmt::format("as a superuser: ALTER ROLE {} BYPASSRLS;", role));
  } else {
    ok(out, "row security", "no rows are hidden");
  }
  if (server.unreadable_large_objects > 0) {
    fail(out, "large objects",
         fmt::format("role {} may not read {}", server.role,
                     plural(server.unreadable_large_objects, "large object")),
         fmt::format("make {} a member of their owner's role, or GRANT SELECT ON LARGE OBJECT … TO "
                     "{};",
                     role, role));
  } else {
    ok(out, "large objects", "all can be read");
  }
}

void check_globals(const DoctorFacts& facts, Checks& out) {
  if (no_server(facts)) return;
  if (!facts.set.globals) {
    warn(out, "globals", "roles and tablespaces are not backed up (globals = false)",
         "set globals = true: a database without its roles restores only in part");
  } else if (facts.server.reads_passwords) {
    ok(out, "globals", "roles can be backed up with their passwords");
  } else {
    warn(out, "globals",
         fmt::format("role {} may not read passwords: roles are backed up without",
                     facts.server.role),
         fmt::format("as a superuser: GRANT pg_read_all_data TO {}; or set passwords anew after a "
                     "restore",
                     db::quote_ident(facts.server.role)));
  }
}

void check_clock(const DoctorFacts& facts, Checks& out) {
  if (facts.newest && facts.newest->finished_at > facts.now + kClockSkew) {
    fail(out, "clock",
         fmt::format("this host's clock ({}) is behind the newest backup ({})", to_iso(facts.now),
                     to_iso(facts.newest->finished_at)),
         "set the clock (timedatectl): labels and retention go by it");
    return;
  }
  if (no_server(facts)) return;
  const ServerFacts& server = facts.server;
  const auto skew =
      server.now > server.host_now ? server.now - server.host_now : server.host_now - server.now;
  const std::string words =
      fmt::format("{} between this host and the server",
                  format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(skew)));
  if (skew > kClockSkewBad) {
    fail(out, "clock", words, "set both clocks (timedatectl; chrony)");
  } else if (skew > kClockSkew) {
    warn(out, "clock", words, "keep both clocks in step (timedatectl; chrony)");
  } else {
    ok(out, "clock", words);
  }
}

void check_worker_slots(const DoctorFacts& facts, Checks& out) {
  if (no_server(facts)) return;
  const int left = facts.server.worker_slots - facts.server.workers_in_use;
  const std::string words =
      fmt::format("{} of {} free", std::max(left, 0), facts.server.worker_slots);
  if (left <= 0) {
    fail(out, "worker slots", words,
         "raise max_worker_processes and restart the server: dr_verify_against() needs one");
  } else if (left == 1) {
    warn(out, "worker slots", words,
         "raise max_worker_processes (restart needed), so that a verification finds one");
  } else {
    ok(out, "worker slots", words);
  }
}

void check_trial(const DoctorFacts& facts, Checks& out) {
  if (!facts.trial.done) return;
  const auto tell = [&](const char* name, const std::optional<Error>& error, const char* good) {
    if (!error) {
      ok(out, name, good);
    } else {
      fail(out, name, to_string(*error),
           error->hint.empty() ? "a backup would fail in the same way: mend this first"
                               : error->hint,
           error->code);
    }
  };
  tell("try recording", facts.trial.record, "an event was written, and taken back");
  tell("try pg_dump", facts.trial.dump, "it joined a snapshot and wrote an archive");
  if (facts.set.globals) tell("try pg_dumpall", facts.trial.globals, "it wrote the globals");
}

void check_pg_cron(const DoctorFacts& facts, Checks& out) {
  if (no_server(facts)) return;
  const ServerFacts& server = facts.server;
  if (!server.cron_installed) {
    // A convenience, so not even a warning.
    ok(out, "pg_cron",
       !server.cron_available ? "not installed (only for scheduled snapshots)"
       : server.cron_visible
           ? "available, not set up (only for scheduled snapshots)"
           : "not in this database; whether in another, members of pg_read_all_settings see");
    return;
  }
  const std::string where =
      server.cron_database == server.database ? "" : " in database " + server.cron_database;
  if (!facts.cron || facts.cron->error) {
    ok(out, "pg_cron",
       fmt::format("present{}; its jobs were not looked at{}", where,
                   facts.cron ? ": " + to_string(*facts.cron->error) : ""));
  } else if (!facts.cron->job) {
    ok(out, "pg_cron", fmt::format("present{}; it takes no snapshots of this database", where));
  } else if (facts.cron->status == "failed") {
    warn(
        out, "pg_cron",
        fmt::format("the job that takes snapshots failed at {}: {}", facts.cron->at,
                    facts.cron->message),
        facts.cron->background_workers
            ? "look into the server's log; cron.job_run_details has all runs"
            : "where it cannot connect: cron.use_background_workers = on in postgresql.conf, and a "
              "restart (or a way in for cron.host in pg_hba.conf)");
  } else if (facts.cron->status.empty()) {
    ok(out, "pg_cron", fmt::format("takes snapshots{}; it has not run yet", where));
  } else {
    ok(out, "pg_cron",
       fmt::format("takes snapshots{}; the last run, at {}, {}", where, facts.cron->at,
                   facts.cron->status));
  }
}

}  // namespace pgdr::app
