#include "app/keep.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/timezone.hpp"

namespace pgdr::app {

Result<KeepResult> run_keep(const KeepRequest& request, Time now) {
  std::vector<std::string> names = request.set.repositories;
  if (!request.repository.empty()) names = {request.repository};
  PGDR_TRY(OpenRepositories repositories, open_repositories(request.config, names));
  PGDR_TRY(History history, read_history(repositories.open, request.set.name));
  std::vector<Error> silent;
  for (const auto& [name, error] : repositories.failed) silent.push_back(error);
  for (const auto& error : history.unlisted) silent.push_back(error);
  PGDR_TRY(const Backup backup, choose_backup(std::move(history), request.label));
  KeepResult result;
  result.label = backup.manifest().label;
  for (const auto& copy : backup.copies) {
    KeptCopy kept;
    kept.repository = copy.repository->name;
    if (request.release) {
      const auto removed = remove_pins(*copy.repository, request.set.name, result.label);
      if (removed) {
        kept.changed = *removed > 0;
      } else {
        kept.error = removed.error();
      }
    } else {
      Pin pin;
      pin.label = result.label;
      pin.until = request.until;
      pin.reason = request.reason;
      pin.created_at = now;
      const Status written = write_pin(*copy.repository, request.set.name, pin);
      if (written) {
        kept.changed = true;
      } else {
        kept.error = written.error();
      }
    }
    if (kept.error && kept.error->code == Code::kInterrupted) return *kept.error;
    result.copies.push_back(std::move(kept));
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
  constexpr std::size_t kDateLength = 10;
  Time until{};
  if (text.size() == kDateLength) {
    const auto midnight = parse_iso(text + "T00:00:00Z");
    if (!midnight) return midnight.error();
    PGDR_TRY(const TimeZone zone, TimeZone::load(zone_name));
    const auto next = std::chrono::local_time<std::chrono::microseconds>(
        midnight->time_since_epoch() + std::chrono::days(1));
    until = zone.instant(next);
  } else {
    PGDR_TRY(until, parse_iso(text));
  }
  if (until <= now) {
    return Error::of(Code::kUsage, fmt::format("'{}' is past", text), "--release takes a pin away");
  }
  return until;
}

}  // namespace pgdr::app
