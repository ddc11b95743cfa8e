#include "app/catalog/lost.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "repo/marks.hpp"
#include "base/log.hpp"
#include "db/connection.hpp"

namespace pgdr::app {
namespace {

// Of the newest backups so many are looked for by commands that only report: one small request
// each.
constexpr std::size_t kLookedFor = 3;

// A copy that the catalog knows.
struct KnownCopy {
  std::string label;
  std::string repository;
  std::string location;
  std::string state;
};

Result<std::vector<KnownCopy>> ask_known(db::Connection& db, const std::string& set,
                                         std::size_t newest) {
  PGDR_TRY(const db::Rows rows,
           db.query("SELECT b.label, c.repository, c.location, c.state FROM ("
                    "SELECT id, label, finished_at FROM dr.backups WHERE set_name = $1 "
                    "AND state IN ('complete', 'partial', 'incomplete') ORDER BY finished_at DESC "
                    "LIMIT nullif($2::bigint, 0)) b JOIN dr.copies c ON c.backup = b.id "
                    "WHERE c.state IN ('complete', 'damaged', 'missing') "
                    "ORDER BY b.finished_at DESC, b.label, c.id",
                    {set, std::to_string(newest)}));
  std::vector<KnownCopy> known;
  for (const auto& row : rows) {
    known.push_back(
        {row[0].value_or(""), row[1].value_or(""), row[2].value_or(""), row[3].value_or("")});
  }
  return known;
}

Result<bool> has_manifest(Repository& repository, const std::string& set,
                          const std::string& label) {
  const std::string prefix = backup_prefix(set, label);
  // A rewrap puts one in the place of the other, in this order.
  for (const char* name : {kManifestFile, kNextManifestFile, kManifestFile}) {
    PGDR_TRY(const auto entry, repository.store->stat(prefix + name));
    if (entry) return true;
  }
  return false;
}

class Search {
 public:
  Search(db::Connection& db, const std::string& set, std::vector<Repository>& open,
         const HoldsBackup& holds)
      : db_(db), set_(set), open_(open), holds_(holds) {}

  // One backup's copies, [from, to).
  Status judge(const KnownCopy* from, const KnownCopy* to, std::vector<LostCopy>& out) {
    bool held = false;
    bool unsure = false;
    std::vector<LostCopy> lost;
    for (const KnownCopy* one = from; one != to; ++one) {
      const auto repository = std::find_if(open_.begin(), open_.end(), [&](const Repository& r) {
        return r.name == one->repository;
      });
      if (repository == open_.end()) {
        unsure = true;
        continue;
      }
      PGDR_TRY(const bool there, holds(*repository, one->label));
      if (there) {
        held = true;
        continue;
      }
      PGDR_TRY(const bool expired, is_expired(*repository, *one));
      if (expired) {
        unsure = true;
        continue;
      }
      lost.push_back({one->label, one->repository, one->location, one->state != "missing", false});
    }
    if (held) found_one_ = true;
    for (auto& one : lost) {
      one.everywhere = !held && !unsure;
      // KnownCopy before, and a newer backup is there by now: told once, that is enough.
      if (one.news || (one.everywhere && !found_one_)) out.push_back(std::move(one));
    }
    return success();
  }

 private:
  Result<bool> holds(Repository& repository, const std::string& label) {
    if (holds_) {
      PGDR_TRY(const bool there, holds_(repository, label));
      if (there) return true;
    }
    return has_manifest(repository, set_, label);
  }

  // What an expire is deleting, or died over, or deleted while we looked.
  Result<bool> is_expired(Repository& repository, const KnownCopy& one) {
    const auto [at, fresh] = doomed_.try_emplace(repository.name);
    if (fresh) {
      PGDR_TRY(at->second, list_expired(repository, set_));
    }
    if (at->second.contains(one.label)) {
      log_info(
          fmt::format("backup {} in repository {} is being expired; if that run died, the "
                      "next pgdr expire ends it",
                      one.label, repository.name));
      return true;
    }
    PGDR_TRY(const db::Rows now,
             db_.query("SELECT FROM dr.backups b JOIN dr.copies c ON c.backup = b.id "
                       "WHERE b.label = $1 AND c.repository = $2 AND c.state <> 'deleted'",
                       {one.label, one.repository}));
    return now.empty();
  }

  db::Connection& db_;
  const std::string& set_;
  std::vector<Repository>& open_;
  const HoldsBackup& holds_;
  std::map<std::string, std::set<std::string>> doomed_;
  bool found_one_ = false;  // a backup as new as this one, or newer, is there
};

}  // namespace

std::string LostCopy::words() const {
  std::string what =
      news ? fmt::format(
                 "backup {} is no longer in repository {}, which the catalog believes to "
                 "hold it",
                 label, repository)
           : fmt::format("backup {} is missing in repository {}", label, repository);
  if (!everywhere) return what;
  return fmt::format(
      "{}; no other repository holds it. If it was taken out on purpose: SELECT dr_copy_record({}, "
      "{}, {}, 'deleted')",
      what, db::quote_literal(label), db::quote_literal(repository), db::quote_literal(location));
}

Result<std::vector<LostCopy>> find_lost(db::Connection& db, const std::string& set,
                                        std::vector<Repository>& open, std::size_t newest,
                                        const HoldsBackup& holds) {
  PGDR_TRY(const std::vector<KnownCopy> known, ask_known(db, set, newest));
  Search search(db, set, open, holds);
  std::vector<LostCopy> lost;
  for (std::size_t from = 0; from < known.size();) {
    std::size_t to = from;
    while (to < known.size() && known[to].label == known[from].label) ++to;
    PGDR_CHECK(search.judge(&known[from], known.data() + to, lost));
    from = to;
  }
  return lost;
}

Status record_lost(db::Catalog& catalog, const std::vector<LostCopy>& lost) {
  for (const auto& one : lost) {
    if (!one.news) continue;
    db::CopyRecord record;
    record.label = one.label;
    record.repository = one.repository;
    record.location = one.location;
    record.state = "missing";
    record.checked_at = system_clock().now();
    record.error = one.words();
    PGDR_CHECK(catalog.copy_record(record));
  }
  return success();
}

std::vector<LostCopy> look_for_lost(const Config& config, const SetConfig& set, db::Connection& db,
                                    db::Catalog& catalog, std::vector<std::string>& problems) {
  std::vector<LostCopy> lost;
  const auto attempt = [&]() -> Status {
    PGDR_TRY(OpenRepositories repositories, open_repositories(config, set.repositories));
    for (const auto& [name, error] : repositories.failed) problems.push_back(to_string(error));
    PGDR_TRY(lost, find_lost(db, set.name, repositories.open, kLookedFor));
    return record_lost(catalog, lost);
  };
  const Status done = attempt();
  if (!done) problems.push_back(to_string(done.error()));
  return lost;
}

Result<std::optional<NewerBackup>> newer_than(db::Connection& db, const Manifest& chosen,
                                              const std::string& repository) {
  PGDR_TRY(const db::Rows rows,
           db.query("SELECT b.label, b.finished_at, string_agg(c.repository, ', ' ORDER BY c.id) "
                    "FROM dr.backups b JOIN dr.copies c ON c.backup = b.id "
                    "WHERE b.set_name = $1 AND b.state IN ('complete', 'partial') "
                    "AND c.state IN ('complete', 'damaged', 'missing') AND b.label <> $2 "
                    "AND b.finished_at > $3::timestamptz AND ($4 = '' OR c.repository = $4) "
                    "GROUP BY b.id ORDER BY b.finished_at DESC LIMIT 1",
                    {chosen.set, chosen.label, to_iso(chosen.finished_at), repository}));
  if (rows.empty()) return std::optional<NewerBackup>();
  const auto time = parse_iso(rows[0][1].value_or(""));
  return std::optional(NewerBackup{rows[0][0].value_or(""),
                                   time ? to_local(*time) : rows[0][1].value_or(""),
                                   rows[0][2].value_or("")});
}

}  // namespace pgdr::app
