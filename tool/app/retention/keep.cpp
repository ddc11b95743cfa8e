#include "app/retention/keep.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/timezone.hpp"

namespace pgdr::app {

namespace {

// Interrupted or not, what became of one repository.
KeptCopy release_in(Repository& repository, const std::string& set, const std::string& label) {
  KeptCopy kept;
  kept.repository = repository.name;
  const auto removed = remove_pins(repository, set, label);
  if (removed) {
    kept.changed = *removed > 0;
  } else {
    kept.error = removed.error();
  }
  return kept;
}

// The pin first, then a look at the backup: expire removes a manifest first and looks for pins
// after that. So of the two one always sees the other.
Status pin_copy(const StoredBackup& copy, const Pin& pin) {
  Repository& repository = *copy.repository;
  PGDR_CHECK(write_pin(repository, copy.manifest.set, pin));
  const auto there = read_backup(repository, copy.manifest.set, pin.label);
  if (there || there.error().code != Code::kRepositoryMissing) {
    return there ? success() : Status(there.error());
  }
  PGDR_CHECK(remove_pins(repository, copy.manifest.set, pin.label));
  return Error::of(Code::kRepositoryMissing,
                   fmt::format("backup {} was deleted from repository {} just now: it is not kept",
                               pin.label, repository.name),
                   "pgdr list shows what there is");
}

// The pinned label that the text means, where no repository holds such a backup any more.
Result<std::string> label_of_pin(std::vector<Repository>& repositories, const std::string& set,
                                 const std::string& text) {
  std::vector<std::string> found;
  for (auto& repository : repositories) {
    PGDR_TRY(const auto entries, repository.store->list(set + "/pins/"));
    Marks marks;
    for (const auto& entry : entries) sort_mark(entry, set, marks);
    for (const auto& key : marks.pin_keys) {
      const std::string label = pinned_label(key);
      const bool known = std::find(found.begin(), found.end(), label) != found.end();
      if (label.starts_with(text) && !known) found.push_back(label);
    }
  }
  if (!text.empty() && found.size() == 1) return found.front();
  return Error::of(Code::kRepositoryMissing,
                   fmt::format("there is no backup \"{}\", nor a pin of that name", text),
                   "pgdr keep lists the pins there are");
}

}  // namespace

Result<KeepResult> run_keep(const KeepRequest& request, Time now) {
  std::vector<std::string> names = request.set.repositories;
  if (!request.repository.empty()) names = {request.repository};
  PGDR_TRY(OpenRepositories repositories, open_repositories(request.config, names));
  return keep_opened(request, repositories, now);
}

Result<KeepResult> keep_opened(const KeepRequest& request, OpenRepositories& repositories,
                               Time now) {
  PGDR_TRY(History history, read_history(repositories.open, request.set.name));
  std::vector<Error> silent;
  for (const auto& [name, error] : repositories.failed) silent.push_back(error);
  for (const auto& error : history.unlisted) silent.push_back(error);
  const auto backup = choose_backup(std::move(history), request.label);
  KeepResult result;
  if (backup) {
    result.label = backup->manifest().label;
  } else if (request.release && backup.error().code == Code::kRepositoryMissing) {
    PGDR_TRY(result.label, label_of_pin(repositories.open, request.set.name, request.label));
  } else {
    return backup.error();
  }
  if (request.release) {
    // Also where the backup is no longer: a pin holds in all repositories of the set.
    for (auto& repository : repositories.open) {
      result.copies.push_back(release_in(repository, request.set.name, result.label));
    }
  } else {
    Pin pin;
    pin.label = result.label;
    pin.until = request.until;
    pin.reason = request.reason;
    pin.created_at = now;
    pin.here_only = !request.repository.empty();
    for (const auto& copy : backup->copies) {
      const Status done = pin_copy(copy, pin);
      KeptCopy kept;
      kept.repository = copy.repository->name;
      kept.changed = done.ok();
      if (!done) kept.error = done.error().context("repository " + kept.repository);
      result.copies.push_back(std::move(kept));
    }
  }
  for (const auto& copy : result.copies) {
    if (copy.error && copy.error->code == Code::kInterrupted) return *copy.error;
  }
  for (const auto& error : silent) result.copies.push_back({"", error, false});
  return result;
}

Result<std::vector<ListedPin>> all_pins(const Config& config, const SetConfig& set, Time now,
                                        std::vector<std::string>& problems) {
  PGDR_TRY(OpenRepositories repositories, open_repositories(config, set.repositories));
  for (const auto& [name, error] : repositories.failed) problems.push_back(to_string(error));
  std::vector<ListedPin> all;
  for (auto& repository : repositories.open) {
    const auto pins = list_pins(repository, set.name);
    if (!pins) {
      if (pins.error().code == Code::kInterrupted) return pins.error();
      problems.push_back(to_string(pins.error()));
      continue;
    }
    std::vector<std::string> seen;
    for (const auto& pin : *pins) {
      if (std::find(seen.begin(), seen.end(), pin.label) != seen.end()) continue;
      seen.push_back(pin.label);
      if (auto best = strongest_pin(*pins, pin.label, now)) {
        all.push_back({repository.name, std::move(*best)});
      }
    }
  }
  return all;
}

Result<Time> parse_until(const std::string& text, const std::string& zone_name, Time now) {
  using LocalTime = std::chrono::local_time<std::chrono::microseconds>;
  constexpr std::size_t kDateLength = 10;
  const auto bad = [&] {
    return Error::of(Code::kUsage, fmt::format("'{}' is not a time", text),
                     "write a day, 2027-06-30 (to its end), or a time, 2027-06-30 18:00:00, with a "
                     "zone behind it unless the retention's is meant");
  };
  const auto day = parse_iso(text + "T00:00:00Z");
  const auto minutes = parse_iso(text + ":00Z");
  const auto seconds = parse_iso(text + "Z");
  const auto whole = parse_iso(text);
  Time until{};
  if (whole) {
    until = *whole;
  } else if (text.size() == kDateLength ? day.ok() : minutes.ok() || seconds.ok()) {
    PGDR_TRY(const TimeZone zone, TimeZone::load(zone_name));
    const bool date = text.size() == kDateLength;
    const Time shown = date ? *day + std::chrono::days(1) : minutes ? *minutes : *seconds;
    until = zone.instant(LocalTime(shown.time_since_epoch()));
  } else {
    return bad();
  }
  if (until <= now) {
    return Error::of(Code::kUsage, fmt::format("'{}' is past", text),
                     "a pin ends in the future; --release takes one away");
  }
  return until;
}

}  // namespace pgdr::app
