#include <memory>

#include <fmt/format.h>

#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "command/overview_text.hpp"

namespace pgdr::command {
namespace {

// Every set is listed, even where one fails; the gravest failure is the exit code.
Result<int> run(const Globals& globals, const std::string& name) {
  PGDR_TRY(const ChosenSets chosen, load_chosen_sets(globals, name));
  const Time now = system_clock().now();
  Json sets = Json::array();
  Failures failures(chosen.sets.size() > 1);
  bool problems = false;
  for (const auto& set : chosen.sets) {
    const auto overview = app::read_overview(chosen.config, set);
    if (!overview) {
      if (overview.error().code == Code::kInterrupted) return overview.error();
      failures.add(set.name, overview.error());
      sets.push_back({{"set", set.name}, {"error", to_string(overview.error())}});
      continue;
    }
    if (globals.json) {
      sets.push_back(list_json(*overview));
    } else {
      if (chosen.sets.size() > 1) print(fmt::format("set {}\n", set.name));
      print(list_text(*overview, now, color_on_stdout()));
      if (chosen.sets.size() > 1) print("\n");
    }
    if (overview->failure) {
      log_warning(fmt::format("the last run, {}, failed: {}", overview->failure->label,
                              overview->failure->error));
    }
    if (!overview->catalog) {
      log_warning("from the repositories alone: " + overview->catalog_problem);
    }
    for (const auto& problem : overview->problems) log_warning(problem);
    problems = problems || !overview->problems.empty();
  }
  if (globals.json) print_json({{"sets", std::move(sets)}});
  return failures.exit_status(problems ? exit_code(Code::kPartial) : 0);
}

}  // namespace

void add_list(CLI::App& app, const Globals& globals, Runner& runner) {
  auto set = std::make_shared<std::string>();
  CLI::App* cmd =
      app.add_subcommand("list", "Show the backups: when, how big, where, proven or not");
  add_set_option(cmd, *set);
  cmd->footer(
      "\nWorks without the database, from the repositories alone. Exit code 3: a repository or a\n"
      "manifest could not be read.");
  runner.on(cmd, [set, &globals] { return run(globals, *set); });
}

}  // namespace pgdr::command
