// What the server that a backup is restored to lacks, found out before anything is made there.
// Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "artifact/snapshot/document.hpp"
#include "repo/manifest.hpp"
#include "artifact/database/restore_plan.hpp"
#include "app/restore/target_facts.hpp"

namespace pgdr::app {

enum class LackLevel {
  kBlocks,  // the copy could not be whole: nothing is done
  kWarns,   // the rows come back, something beside them does not, or may not
  kNote     // said, and no fault
};

struct Lack {
  LackLevel level = LackLevel::kWarns;
  std::string what;  // "role", "extension", "tablespace", "locale", "right", "room", "slot", …
  std::string message;
  std::string remedy;
};

struct NeedOptions {
  std::string database;     // to be made
  bool existed = false;     // --clean: it is there
  bool pgdr_there = false;  // … and has the extension, whose catalog stays
  bool no_owner = false;
  bool no_acl = false;
  bool globals = false;  // roles and tablespaces are created first
  bool only = false;     // some tables
  bool verify = true;
  int jobs = 1;
};

struct NeedsVerdict {
  std::vector<Lack> lacks;         // the gravest first
  std::vector<LeftOut> leave_out;  // extensions that this server cannot take here
  [[nodiscard]] bool has(LackLevel level) const;
};

NeedsVerdict judge_needs(const Manifest& manifest, const Document& document,
                         const TargetFacts& facts, const NeedOptions& options);

// Owners, grantees, and whoever has settings in the database.
std::set<std::string> needed_roles(const Document& document);

}  // namespace pgdr::app
