// What of an archive is restored, in which order and by how many streams. Pure.
//
// Restoring with several streams goes in three phases, because an archive that comes through a pipe
// cannot be read at random: 1. definitions; 2. data, each stream one pg_restore that gets only its
// own data blocks; 3. what needs the data: indexes, constraints, triggers, privileges, refreshing
// materialised views. Privileges come last, so that an owner who took rights from himself can still
// load his own tables.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "artifact/database/archive.hpp"

namespace pgdr::app {

// An extension that the target cannot take. What it made is not in the archive, but the rows of its
// tables, their sequences and privileges are: all of it lies in `schema`.
struct LeftOut {
  std::string extension;
  std::string schema;     // its own; "": it has none
  std::string functions;  // how those of its functions start that lie elsewhere
};

struct PlanOptions {
  std::vector<std::string> only;  // "schema.table" or "table" (any schema); empty: everything
  bool schema_only = false;
  std::vector<LeftOut> leave_out;
  int jobs = 1;                                // streams of phase 2
  std::map<std::string, std::uint64_t> sizes;  // "schema.table" -> bytes, for sharing out the data
};

struct RestorePlan {
  std::vector<int> all;                // every entry, in the archive's order
  std::vector<int> before;             // phase 1
  std::vector<std::vector<int>> data;  // phase 2, one list per stream, in the archive's order
  std::vector<int> after;              // phase 3
  std::vector<std::string> tables;     // with `only`: what was selected, as "schema.table"
  std::vector<std::string> left_out;   // of leave_out: the extensions that the archive has
};

// With `only`: the tables named, what they consist of, what they need, and besides every function,
// type, operator, extension … of the archive, for what the body of a function calls is no
// dependency (a CHECK that calls one which calls another would refuse every row). Not those that
// need a table which is not chosen.
//
// kUsage when a name in `only` matches no table of the archive, naming a near one.
Result<RestorePlan> plan_restore(const Toc& toc, const PlanOptions& options);

// pg_restore's --use-list file.
std::string list_text(const std::vector<int>& ids);
// Those of ids that have data blocks.
std::unordered_set<int> with_data(const Toc& toc, const std::vector<int>& ids);

}  // namespace pgdr::app
