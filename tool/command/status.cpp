#include "command/status.hpp"

#include <memory>

#include <fmt/format.h>

#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"

namespace pgdr::command {

std::string status_text(const app::SetStatus& status, bool color) {
  Table table({{"OBJECTIVE"}, {"TARGET"}, {"ACTUAL"}, {"STATE"}, {"EXPLANATION"}});
  for (const db::Objective& one : status.objectives) {
    table.add({one.objective, one.target.value_or("-"), one.actual.value_or("-"),
               state_cell(one.state), one.explanation.value_or("")});
  }
  if (table.empty()) return "no objectives are set: see dr_objective_set()\n";
  return table.text(color);
}

Json status_json(const app::SetStatus& status) {
  Json objectives = Json::array();
  for (const db::Objective& one : status.objectives) {
    objectives.push_back({{"objective", one.objective},
                          {"target", json_text(one.target)},
                          {"actual", json_text(one.actual)},
                          {"state", one.state},
                          {"explanation", json_text(one.explanation)}});
  }
  Json lost = Json::array();
  for (const app::LostCopy& one : status.lost) {
    lost.push_back(
        {{"label", one.label}, {"repository", one.repository}, {"everywhere", one.everywhere}});
  }
  return {{"set", status.set},
          {"database", status.database},
          {"state", app::worst_state(status.objectives)},
          {"objectives", std::move(objectives)},
          {"lost", std::move(lost)}};
}

namespace {

// Every set is looked at, even where one fails; the gravest failure is the exit code.
Result<int> run_status(const Globals& globals, const std::string& name) {
  PGDR_TRY(const ChosenSets chosen, load_chosen_sets(globals, name));
  Failures failures(chosen.sets.size() > 1);
  Json sets = Json::array();
  for (const SetConfig& set : chosen.sets) {
    const Result<app::SetStatus> status = app::read_status(chosen.config, set);
    if (!status) {
      if (status.error().code == Code::kInterrupted) return status.error();
      sets.push_back(
          {{"set", set.name}, {"state", "unknown"}, {"error", to_string(status.error())}});
      failures.add(set.name, status.error());
      continue;
    }
    sets.push_back(status_json(*status));
    for (const auto& problem : status->problems) {
      log_warning("not everything could be looked at: " + problem);
    }
    for (const auto& one : status->lost) log_warning(one.words());
    if (globals.json) continue;
    if (chosen.sets.size() > 1) print(fmt::format("set {}\n", set.name));
    print(status_text(*status, color_on_stdout()));
    if (chosen.sets.size() > 1) print("\n");
  }
  if (globals.json) print_json({{"sets", std::move(sets)}});
  return failures.exit_status(0);
}

}  // namespace

void add_status(CLI::App& app, const Globals& globals, Runner& run) {
  auto set = std::make_shared<std::string>();
  CLI::App* cmd = app.add_subcommand("status", "Show every recovery objective, measured now");
  add_set_option(cmd, *set);
  cmd->footer("\nExit code 0 whatever the states are; another one when they cannot be read.");
  run.on(cmd, [set, &globals] { return run_status(globals, *set); });
}

}  // namespace pgdr::command
