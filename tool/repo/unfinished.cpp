#include "repo/unfinished.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.hpp"

namespace pgdr::app {

Unfinished find_unfinished(const Survey& survey, const std::vector<std::string>& ours, Time now,
                           const std::set<std::string>& pinned_elsewhere) {
  Unfinished found;
  for (const auto& folder : survey.folders) {
    if (folder.manifest) continue;
    const auto& leases = survey.marks.leases;
    const bool leased = std::any_of(leases.begin(), leases.end(), [&](const LeaseMark& lease) {
      return lease.label == folder.label && lease.live(now);
    });
    const bool over = std::find(ours.begin(), ours.end(), folder.label) != ours.end() ||
                      now - folder.newest >= kAbandonedAfter;
    // What is left of a pinned backup (an expire that died before it put the manifest back) is
    // worth more than its room: pgdr copy completes it from another repository.
    const auto& pins = survey.marks.pin_keys;
    const bool pinned = pinned_elsewhere.contains(folder.label) ||
                        std::any_of(pins.begin(), pins.end(), [&](const std::string& key) {
                          return pinned_label(key) == folder.label;
                        });
    (over && !leased && !pinned ? found.dead : found.young).push_back(folder.label);
  }
  for (const auto& entry : survey.temporaries) {
    if (now - entry.modified >= kAbandonedAfter) found.temporaries.push_back(entry);
  }
  return found;
}

Status clear_unfinished(Repository& repository, const std::string& set,
                        const Unfinished& unfinished, const std::function<Status()>& may_go,
                        const std::function<void(const std::string&)>& told) {
  for (const auto& entry : unfinished.temporaries) {
    PGDR_CHECK(may_go());
    PGDR_CHECK(repository.store->remove_leftover(entry));
    told(fmt::format("removed an unfinished upload from repository {}: {}", repository.name,
                     entry.key));
  }
  for (const auto& label : unfinished.dead) {
    PGDR_CHECK(may_go());
    PGDR_CHECK(remove_unfinished(repository, set, label));
    told(fmt::format("removed what the unfinished backup {} left in repository {}", label,
                     repository.name));
  }
  return success();
}

Status remove_unfinished(Repository& repository, const std::string& set, const std::string& label) {
  store::Store& store = *repository.store;
  const std::string prefix = backup_prefix(set, label);
  PGDR_TRY(const auto manifest, store.stat(prefix + kManifestFile));
  PGDR_TRY(const auto next, store.stat(prefix + kNextManifestFile));
  if (manifest || next) {
    return Error::of(Code::kExists, fmt::format("{} has a manifest: it is a backup", prefix));
  }
  PGDR_TRY(const auto temporaries, store.leftovers(prefix));
  for (const auto& entry : temporaries) PGDR_CHECK(store.remove_leftover(entry));
  PGDR_TRY(const auto entries, store.list(prefix));
  for (const auto& entry : entries) PGDR_CHECK(store.remove(entry.key));
  // Uploads that were given up leave an empty folder, where a store has folders: removing what is
  // not there makes it go.
  return store.remove(prefix + kManifestFile);
}

void remove_leftovers(Repository& repository, const std::string& set,
                      const std::vector<std::string>& ours, std::optional<Time> now) {
  const auto attempt = [&]() -> Status {
    if (!now) {
      PGDR_TRY(now, store_time(repository, set));
    }
    PGDR_TRY(const Survey survey, list_set(repository, set));
    return clear_unfinished(
        repository, set, find_unfinished(survey, ours, *now), [] { return success(); },
        [](const std::string& what) { log_info(what); });
  };
  const Status done = attempt();
  if (!done) {
    log_warning(fmt::format("cannot remove leftovers in repository {}: {}", repository.name,
                            to_string(done.error())));
  }
}

}  // namespace pgdr::app
