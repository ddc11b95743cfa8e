#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "app/retention/keep.hpp"
#include "base/warn.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "command/render.hpp"

namespace pgdr::command {
namespace {

struct KeepOptions {
  std::string set;
  std::string label;
  std::string until;
  bool forever = false;
  bool release = false;
  std::string reason;
  std::string repository;
};

std::string end_text(const std::optional<Time>& until) {
  return until ? to_local(*until) : std::string("for ever");
}

Result<int> list_pins(const Globals& globals, const Chosen& chosen) {
  std::vector<std::string> problems;
  PGDR_TRY(const auto pins,
           app::all_pins(chosen.config, chosen.set, system_clock().now(), problems));
  Json rows = Json::array();
  Table table({{"BACKUP"}, {"REPOSITORY"}, {"UNTIL"}, {"REASON"}, {"PINNED"}, {"BY"}});
  for (const auto& [repository, pin] : pins) {
    table.add(
        {pin.label, repository, end_text(pin.until), pin.reason, to_local(pin.created_at), pin.by});
    rows.push_back({{"label", pin.label},
                    {"repository", repository},
                    {"until", json_time(pin.until)},
                    {"reason", pin.reason},
                    {"created_at", to_iso(pin.created_at)},
                    {"by", pin.by}});
  }
  if (globals.json) {
    print_json({{"set", chosen.set.name}, {"pins", std::move(rows)}, {"problems", problems}});
  } else {
    print(pins.empty() ? "no backup is pinned\n" : table.text(color_on_stdout()));
  }
  for (const auto& problem : problems) log_warning(problem);
  return problems.empty() ? 0 : exit_code(Code::kPartial);
}

Result<int> run(const Globals& globals, const KeepOptions& o) {
  PGDR_TRY(const Chosen chosen, load_chosen(globals, o.set));
  const bool says_how = o.forever || o.release || !o.until.empty();
  if (o.label.empty()) {
    if (says_how)
      return Error::of(Code::kUsage, "which backup is meant is not said", "pgdr keep LABEL …");
    return list_pins(globals, chosen);
  }
  if (!says_how) {
    return Error::of(Code::kUsage, "how long to keep the backup is not said",
                     "--until DATE, --forever, or --release");
  }
  const Time now = system_clock().now();
  app::KeepRequest request{chosen.config, chosen.set,  o.label, o.release, {},
                           o.reason,      o.repository};
  if (!o.until.empty()) {
    // A day ends where the retention's days end.
    const std::string& first =
        o.repository.empty() ? chosen.set.repositories.front() : o.repository;
    const auto at = chosen.config.repositories.find(first);
    PGDR_TRY(
        request.until,
        app::parse_until(
            o.until,
            at == chosen.config.repositories.end() ? "UTC" : at->second.retention.time_zone, now));
  }
  PGDR_TRY(const app::KeepResult result, app::run_keep(request, now));
  Json copies = Json::array();
  std::optional<Error> failed;  // the gravest
  const bool none = std::none_of(result.copies.begin(), result.copies.end(),
                                 [](const app::KeptCopy& copy) { return !copy.error; });
  for (const auto& copy : result.copies) {
    copies.push_back({{"repository", copy.repository},
                      {"changed", copy.changed},
                      {"error", copy.error ? Json(to_string(*copy.error)) : Json(nullptr)}});
    if (copy.error) {
      if (none) {
        log_error(*copy.error);
      } else {
        log_warning(*copy.error);
      }
      if (!failed || graver(copy.error->code, failed->code)) failed = copy.error;
    } else if (!globals.json && !globals.quiet) {
      print(o.release ? fmt::format("{} in {}: {}\n", result.label, copy.repository,
                                    copy.changed ? "released" : "was not pinned")
                      : fmt::format("{} in {}: kept {}{}\n", result.label, copy.repository,
                                    request.until ? "until " : "", end_text(request.until)));
    }
  }
  if (globals.json) {
    print_json({{"label", result.label},
                {"released", o.release},
                {"until", json_time(request.until)},
                {"copies", std::move(copies)}});
  }
  if (!failed) return 0;
  return exit_code(none ? failed->code : Code::kPartial);
}

}  // namespace

void add_keep(CLI::App& app, const Globals& globals, Runner& runner) {
  auto o = std::make_shared<KeepOptions>();
  CLI::App* cmd =
      app.add_subcommand("keep", "Keep a backup whatever the retention says; list what is kept so");
  cmd->add_option("label", o->label, "Backup: a label or \"latest\"; nothing: list the pins")
      ->type_name("LABEL");
  add_set_option(cmd, o->set);
  auto* until = cmd->add_option("--until", o->until, "To the end of this day, or until this time")
                    ->type_name("DATE");
  auto* forever = cmd->add_flag("--forever", o->forever, "Until it is released")->excludes(until);
  cmd->add_flag("--release", o->release, "The retention decides again")
      ->excludes(until)
      ->excludes(forever);
  cmd->add_option("--reason", o->reason, "Why, for whoever reads it later")->type_name("TEXT");
  cmd->add_option("--repository", o->repository, "Only the copy in this repository")
      ->type_name("NAME");
  cmd->footer("\nExit code 3: a repository could not be reached.");
  runner.on(cmd, [o, &globals] { return run(globals, *o); });
}

}  // namespace pgdr::command
