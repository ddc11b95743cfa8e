// Proving a restored database: its rows and schema against what the backup's snapshot says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "artifact/database/restore_failures.hpp"
#include "app/restore/target.hpp"
#include "base/fingerprint_key.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {

struct ProofRequest {
  std::string label;
  std::string database;
  std::string document;             // the snapshot document, "" when the backup has none
  std::vector<std::string> tables;  // compare only these
  bool partial = false;             // only `tables` were restored
  bool no_owner = false;
  bool no_acl = false;
  std::optional<std::string> server;  // for the record, when it is another one
  std::optional<FingerprintKey> key;  // of keyed fingerprints
  std::vector<std::string> without;   // extensions that were left out
  std::vector<FailedStatement> failed;
  std::uint64_t failed_unseen = 0;  // more of them, of which nothing is known
  bool clean = false;
};

struct ProofResult {
  bool passed = false;
  std::vector<db::Finding> findings;
  bool denied = false;  // by statements that failed: the comparison alone would have passed
  std::optional<std::int64_t> verification;  // id in the source's catalog
};

// A statement of the restore that failed, and that nothing explains, makes of a comparison that
// passed a verification that did not, and is one of its findings.
//
// On the source's server, its extension compares the target with the backup's snapshot; elsewhere
// the target's own extension compares itself with the document, and the result is recorded in the
// source's catalog if there is one. The key is used up; one that the backup's snapshot was not
// taken with is left out with a warning, since older backups must stay provable. An error when
// neither is possible (the proof is missing; it did not fail). catalog and source may be null.
Result<ProofResult> prove(ProofRequest& request, db::Catalog* catalog, db::Connection* source,
                          bool same_server, Target& target);

}  // namespace pgdr::app
