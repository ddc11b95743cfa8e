// What failed in a restore, and whether that is explained. Pure.
//
// A failure is known by the entry of the archive that pg_restore was at, never by the words of the
// server, which speaks its own language and quotes names that strangers chose. pg_restore itself is
// run in the C locale. Source of what it prints: warn_or_exit_horribly() in PostgreSQL's
// pg_backup_archiver.c.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "artifact/database/archive.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {

struct FailedStatement {
  int entry = 0;     // of the archive; 0: pg_restore named none
  std::string kind;  // the entry's: "TABLE DATA", "MATERIALIZED VIEW DATA", "ACL", …
  std::string schema;
  std::string tag;
  std::string message;  // the server's, its first line; for people
  std::string command;  // the beginning of the statement, if it was one
};

struct RestoreMessages {
  bool finished = false;      // it went on to its end
  std::uint64_t ignored = 0;  // errors it counted and ignored
  std::vector<FailedStatement> failed;
};
// pg_restore's standard error, or the end of it.
RestoreMessages read_restore_messages(const std::string& err);

// kind, schema and tag from the archive's table of contents.
void name_entries(std::vector<FailedStatement>& failed, const Toc& toc);

// Takes nothing from the restored data, and no record of a verification is lost by it: the schema
// public, an extension's comment, statistics of the planner, a drop of an inherited constraint by
// --clean (it goes with its parent's).
bool harmless(const FailedStatement& failed, bool clean);

// Those that neither a rule nor the comparison explains. A comparison that passed has found every
// row, definition, owner and privilege that it compares as strictly as they were; what failed must
// therefore be a record that it only warns of, and the warning must be there. With --clean, a drop:
// what was not dropped has been compared.
std::vector<FailedStatement> unexplained(const std::vector<FailedStatement>& failed,
                                         const std::vector<db::Finding>& findings, bool clean);

// "MATERIALIZED VIEW DATA public.totals: FEHLER: … [REFRESH …]"
std::string failure_text(const FailedStatement& failed);

// psql's standard error under VERBOSITY=verbose: the messages of statements that failed, SQLSTATE
// first, but for those with the SQLSTATE `expected`.
std::vector<std::string> read_psql_errors(const std::string& err, const std::string& expected);

}  // namespace pgdr::app
