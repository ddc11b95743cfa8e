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

#include "repo/artifact.hpp"
#include "repo/copy_reader.hpp"
#include "artifact/database/restore_failures.hpp"
#include "artifact/database/restore_plan.hpp"
#include "base/log.hpp"

namespace pgdr {
struct Command;
}

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
  std::uint64_t error_count = 0;        // statements that failed; the restore went on
  std::vector<FailedStatement> failed;  // those that were seen: all but in a flood
  std::vector<std::string> tables;      // with `only`: what was restored
  std::vector<std::string> left_out;    // extensions, by what the caller asked and the archive has
  int streams = 1;
};

struct RestoreWhere {
  std::string program;   // pg_restore
  std::string conninfo;  // of the database to fill
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<LeftOut> leave_out;  // extensions that the target cannot take
};

// chunks: of the dump, so that every piece is authenticated before pg_restore sees it; null when
// the copy was compared with the manifest as a whole. kInterrupted, kCorrupt when no copy can be
// read to its end, or kFailed with pg_restore's words when it could not go on.
Result<RestoreOutcome> restore_archive(CopyReader& copies, const ChunkList* chunks,
                                       const pipe::Keys& keys, const RestoreWhere& where,
                                       const RestoreOptions& options,
                                       const std::map<std::string, std::uint64_t>& sizes,
                                       Progress& progress);

// What a child says itself is read here: in no language but C's, without colours. What it repeats
// of the server's words is in the server's language and is not read.
void speak_plainly(Command& command);

// Roles and tablespaces, by psql: the messages of the statements that failed for another reason
// than that the object exists.
Result<std::vector<std::string>> restore_globals(
    const StoredBackup& backup, const pipe::Keys& keys, const std::string& conninfo,
    const std::vector<std::pair<std::string, std::string>>& env);

}  // namespace pgdr::app
