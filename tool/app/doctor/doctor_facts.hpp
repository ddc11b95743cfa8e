// What `pgdr doctor` finds out about one set, without judging it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "db/catalog.hpp"
#include "store/probe.hpp"

namespace pgdr::app {

struct ProgramFacts {
  std::string name;            // "pg_dump"
  std::string path;            // empty: not found
  int version_num = 0;         // 150020; 0: unknown
  std::optional<Error> error;  // why it is not usable
};

// Names found, at most a handful, and how many there are in all.
struct Sample {
  std::vector<std::string> names;
  std::uint64_t count = 0;
};

struct ServerFacts {
  int version_num = 0;
  std::string version;
  std::string database;
  std::string role;
  bool superuser = false;
  bool in_recovery = false;
  db::ExtensionState extension;
  std::optional<bool> may_record;  // may call the recording functions; nullopt: no extension
  Sample unreadable;               // relations a dump would need and the role may not read
  Sample row_security;             // tables of which the role would see only some rows
  std::uint64_t unreadable_large_objects = 0;
  bool marks_columns = false;    // with pg_attver, which not every pg_dump knows
  bool reads_passwords = false;  // pg_authid, for the passwords in the globals
  std::uint64_t database_bytes = 0;
  Time now{};       // the server's clock …
  Time host_now{};  // … and ours, at the same moment
  int worker_slots = 0;
  int workers_in_use = 0;
  bool cron_available = false;
  bool cron_installed = false;  // in this database or the one that pg_cron is configured for
  bool cron_visible = true;     // false: it may be in another database, which the role may not see
  std::string cron_database;    // where its jobs are kept; empty: not configured
  std::optional<std::int64_t> rpo_seconds;  // objective, if one is set
};

// What pg_cron says of the job that takes this database's snapshots.
struct CronFacts {
  std::optional<Error> error;       // it could not be asked
  bool job = false;                 // there is one
  bool background_workers = false;  // else it connects by TCP, and needs a way in
  std::string status;               // of its last run; empty: it never ran
  std::string message;
  std::string at;
};

// doctor_trial.hpp
struct TrialFacts {
  bool done = false;
  std::optional<Error> record;
  std::optional<Error> dump;
  std::optional<Error> globals;
};

struct RepositoryFacts {
  std::string name;
  std::string location;
  std::optional<Error> error;  // cannot be opened
  std::optional<Error> not_writable;
  std::optional<std::uint64_t> free_bytes;
  std::optional<Error> listing_error;
  std::uint64_t backups = 0;
  std::string newest;           // its label
  std::uint64_t broken = 0;     // backups without a readable manifest
  std::uint64_t leftovers = 0;  // of runs that were cut off
  bool open_to_others = false;  // group or world may enter the folder
  // Of the probe that was written, read and removed.
  std::optional<Error> not_readable;
  std::optional<Error> not_listed;
  std::optional<Error> not_removable;
  bool overwrites = false;              // stored other content under a name that was taken
  std::chrono::seconds clock_ahead{0};  // the store's clock minus ours
  std::vector<store::StoreFact> facts;  // what its kind and set-up are worth knowing for
};

struct NewestBackup {
  std::string label;
  std::string repository;
  Time finished_at{};
  Time recovery_point{};
  std::uint64_t stored_bytes = 0;
  std::vector<std::string> recipients;  // sorted; empty: a passphrase
  // When a backup locked to the same was last opened, as far as the repositories remember.
  std::optional<Time> opened_at;
  std::string opened_label;
};

struct KeyFacts {
  std::optional<Error> lock_error;  // recipients or passphrase cannot be used
  std::vector<std::string> recipients;
  bool passphrase = false;
  std::string identity_file;        // configured, in $PGDR_IDENTITY, or left by init; empty: none
  bool identity_protected = false;  // with a passphrase: not looked into
  std::optional<Error> identity_error;  // it cannot be read
  std::vector<std::string> identity_recipients;
  std::string signing_file;  // empty: manifests are not signed
  std::optional<Error> signing_error;
  std::string signing_public;
  std::vector<std::string> trusted;
};

struct DoctorFacts {
  SetConfig set;
  std::string config_path;
  bool config_open_to_others = false;  // and it holds a password
  std::optional<Error> connect_error;
  std::optional<Error> server_error;  // connected, but looking around failed
  ServerFacts server;                 // unless one of these
  std::optional<CronFacts> cron;
  TrialFacts trial;
  std::vector<ProgramFacts> programs;
  std::vector<RepositoryFacts> repositories;
  std::optional<NewestBackup> newest;  // of all repositories
  KeyFacts keys;
  // Of the newest backups that the catalog knows: copies that their repositories do not hold.
  std::vector<std::string> lost;
  // Repositories that lack the newest backup, where the catalog cannot tell.
  std::vector<std::string> behind;
  Time now{};
};

// Looks, and tries; what it changes it takes back: in each repository a small object is stored,
// read and removed (not finished at all where objects are locked against removal). kInterrupted
// only; whatever else goes wrong is a fact.
Result<DoctorFacts> gather_facts(const Config& config, const SetConfig& set, const Clock& clock);

// "pg_dump (PostgreSQL) 15.20 (Debian …)" -> 150020; 0 when it says something else. Pure.
int parse_program_version(const std::string& text);

}  // namespace pgdr::app
