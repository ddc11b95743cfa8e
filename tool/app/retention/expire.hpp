// `pgdr expire`: deletes what no rule keeps, and what dead runs left behind. The rules are
// app/retention/retention.hpp's; this looks, deletes and records.
//
// Order of a deletion: a note for the catalog, the manifest (from then on the backup does not
// exist), a look whether somebody began to read or pinned it meanwhile (then the manifest is put
// back), the artifacts, the marks. A run that dies between leaves artifacts without a manifest,
// which a later one removes as leftovers, and the note, by which the next one tells the catalog.
// The catalog is asked and told where it can be reached; it is never needed.
#pragma once

#include <string>
#include <vector>

#include "repo/repository.hpp"
#include "app/retention/retention.hpp"
#include "config/config.hpp"
#include "base/log.hpp"

namespace pgdr::app {

struct ExpireRequest {
  const Config& config;
  const SetConfig& set;
  Progress& progress;
  std::string repository;  // only this one; "" for all of the set's
  bool dry_run = false;
  bool accept_unsigned = false;
  bool several_systems = false;
};

// Of one repository.
struct ExpireResult {
  std::string repository;
  std::string location;
  std::optional<Error> error;  // nothing could be decided, or deleting broke off
  RetentionPlan plan;
  std::string time_zone;
  std::vector<std::string> deleted;    // labels, in the order of deletion
  std::vector<std::string> spared;     // labels somebody began to read, or pinned, just now
  std::vector<std::string> leftovers;  // labels of unfinished runs that were (or would be) removed
  std::vector<std::string> young;      // labels of unfinished runs that stay for now
  std::vector<std::string> warnings;
};

struct ExpireSummary {
  std::vector<ExpireResult> repositories;
  std::string catalog_problem;  // "": the catalog was asked and told
  bool catalog_behind = false;  // something was deleted that it does not know of
};

// An error only when nothing could be tried (no repository opens). kInterrupted and a refusal are
// in the results.
Result<ExpireSummary> run_expire(const ExpireRequest& request);

class ExpireCatalog;
// The same with what was opened already: the set's repositories, and a catalog that was asked or
// that nobody reached.
Result<ExpireSummary> expire_opened(const ExpireRequest& request, OpenRepositories& repositories,
                                    ExpireCatalog& catalog);

}  // namespace pgdr::app
