// Running pg_restore on an encrypted archive without its plaintext ever touching a disk.
//
// With one stream, pg_restore reads the archive from its standard input. With several, the head of
// the archive (its table of contents) is kept in memory (memfd), where pg_restore can seek: first
// the definitions from there, then every stream decrypts the archive for itself and gives its own
// pg_restore only the data of its share, then the rest from memory again, with --jobs.
// What makes that work in pg_restore (pg_backup_custom.c, _PrintTocData): without a seekable input
// it reads data blocks one after another until it meets the one it needs, so a stream holding just
// the blocks on its list, in the archive's order, is a complete archive to it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "app/artifact.hpp"
#include "app/copy_reader.hpp"
#include "app/restore_plan.hpp"
#include "base/log.hpp"

namespace pgdr::app {

struct RestoreOptions {
  int jobs = 1;
  bool no_owner = false;
  bool no_acl = false;
  bool clean = false;  // drop objects first; then always one stream
  bool if_exists = false;
  bool schema_only = false;
  std::vector<std::string> only;
};

struct RestoreOutcome {
  std::uint64_t error_count = 0;    // statements that failed; the restore went on
  std::vector<std::string> errors;  // the first of them
  std::vector<std::string> tables;  // with `only`: what was restored
  int streams = 1;
  bool left_out_pgdr = false;
};

// pg_restore's standard error: what failed, and whether it went on to its end. Pure.
struct RestoreMessages {
  std::uint64_t ignored = 0;  // errors it counted and ignored
  std::vector<std::string> errors;
};
RestoreMessages read_restore_messages(const std::string& err);
// An error that takes nothing from the restored data: the schema public or an extension's comment
// that was there already, a drop that --clean need not have tried. Pure.
bool harmless(const std::string& error);

struct RestoreWhere {
  std::string program;   // pg_restore
  std::string conninfo;  // of the database to fill
  std::vector<std::pair<std::string, std::string>> env;
  bool without_pgdr = false;
};

// chunks: of the dump, so that every piece is authenticated before pg_restore sees it; null when
// the copy was compared with the manifest as a whole. kInterrupted, kCorrupt when no copy can be
// read to its end, or kFailed with pg_restore's words when it could not go on.
Result<RestoreOutcome> restore_archive(CopyReader& copies, const ChunkList* chunks,
                                       const pipe::Keys& keys, const RestoreWhere& where,
                                       const RestoreOptions& options,
                                       const std::map<std::string, std::uint64_t>& sizes,
                                       Progress& progress);

// Roles and tablespaces, by psql; the number of statements that failed for another reason than that
// the object exists, and the first messages.
Result<RestoreMessages> restore_globals(
    const StoredBackup& backup, const pipe::Keys& keys, const std::string& conninfo,
    const std::vector<std::pair<std::string, std::string>>& env);

}  // namespace pgdr::app
