// The dump, the globals and the fingerprints of one backup under one snapshot: made anew, under a
// new snapshot, when something comes between them that no snapshot protects from.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "repo/artifact.hpp"
#include "artifact/snapshot/document.hpp"
#include "artifact/database/dump.hpp"
#include "app/backup/lock_watch.hpp"
#include "config/config.hpp"
#include "base/log.hpp"
#include "db/catalog.hpp"
#include "db/snapshot.hpp"

namespace pgdr::app {

// Ends what is at work when something else has failed, and keeps what failed first, whoever met it.
class Stopper {
 public:
  explicit Stopper(db::Connection& db) : db_(db) {}
  void note(const Error& error);    // only kept
  void cancel(const Error& error);  // and the statement in flight ends
  void stop(const Error& error);    // and the programs, too; from any thread
  [[nodiscard]] std::optional<Error> first() const;
  void forget();

  // Programs that can be ended as long as this lives.
  class Jobs {
   public:
    Jobs(Stopper& stopper, std::vector<DumpJob*> jobs);
    ~Jobs();
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;

   private:
    Stopper& stopper_;
  };

 private:
  db::Connection& db_;
  mutable std::mutex mutex_;
  std::optional<Error> error_;
  std::mutex jobs_mutex_;
  std::vector<DumpJob*> jobs_;
};

// Borrowed, all of it.
struct DumpPlan {
  db::Connection& db;
  db::Catalog& catalog;
  CopySet& copies;
  const SetConfig& set;
  LockWatch& watch;
  Stopper& stopper;
  Progress& progress;
  Sealing sealing;
  std::string label;
  std::string pg_dump;
  std::string pg_dumpall;
  bool passwords = true;
  std::uint64_t estimate = 0;  // bytes of the dump, roughly
};

struct Dumped {
  std::unique_ptr<db::ExportedSnapshot> snapshot;  // open: committed with the record of the backup
  std::int64_t snapshot_id = 0;
  std::string document_text;
  Document document;
  std::vector<std::string> unproven;  // what of it can never be proven, each with why
  std::vector<Artifact> artifacts;    // the dump first
  ChunkList chunks;                   // of the dump
};

// A dump that is whole, or, where something came in between in every attempt, one with what of it
// is unproven. What failed attempts have stored is removed.
Result<Dumped> dump_until_proven(const DumpPlan& plan);

}  // namespace pgdr::app
