#include "app/failure.hpp"
#include "app/copy/copy.hpp"

#include <memory>

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "command/render.hpp"

namespace pgdr::command {
namespace {

struct CopyOptions {
  std::string set;
  std::string label;
  bool missing = false;
  bool all = false;
  std::string to;
  std::string from;
  bool accept_unsigned = false;
};

std::string state_of(const app::CopyStep& step) {
  if (step.error) return "failed";
  switch (step.brought.how) {
    case app::Brought::kPresent:
      return "present";
    case app::Brought::kCopied:
      return "copied";
    case app::Brought::kRepaired:
      return "repaired";
  }
  return "";
}

std::string text_of(const app::CopySummary& summary, bool color) {
  if (summary.steps.empty()) return "no copy is missing\n";
  Table table({{"BACKUP"}, {"TO"}, {"FROM"}, {"WRITTEN", Align::kRight}, {"RESULT"}});
  for (const auto& step : summary.steps) {
    table.add({step.label, step.to, step.brought.from, format_bytes(step.brought.bytes),
               Cell(state_of(step), step.error ? Tone::kBad : Tone::kGood)});
  }
  return table.text(color);
}

Json json_of(const app::CopySummary& summary) {
  Json copies = Json::array();
  for (const auto& step : summary.steps) {
    copies.push_back({{"label", step.label},
                      {"repository", step.to},
                      {"location", step.location},
                      {"from", step.brought.from.empty() ? Json(nullptr) : Json(step.brought.from)},
                      {"state", state_of(step)},
                      {"bytes_written", step.brought.bytes},
                      {"error", step.error ? Json(to_string(*step.error)) : Json(nullptr)}});
  }
  return {{"good", summary.good()}, {"recorded", summary.recorded}, {"copies", std::move(copies)}};
}

Result<int> run(const Globals& globals, const CopyOptions& o) {
  PGDR_TRY(const Chosen chosen, load_chosen(globals, o.set));
  const app::CopyWhich which = o.all             ? app::CopyWhich::kAll
                               : o.label.empty() ? app::CopyWhich::kMissing
                                                 : app::CopyWhich::kLabel;
  const app::CopyRequest request{chosen.config, chosen.set, terminal_progress(), which, o.label,
                                 o.to,          o.from,     o.accept_unsigned};
  PGDR_TRY(const app::CopySummary summary, app::told(chosen.set, "copy", app::run_copy(request)));
  if (globals.json) {
    print_json(json_of(summary));
  } else if (!globals.quiet) {
    print(text_of(summary, color_on_stdout()));
  }
  bool contradiction = false;
  std::size_t failed = 0;
  for (const auto& step : summary.steps) {
    if (!step.error) continue;
    ++failed;
    contradiction = contradiction || step.error->code == Code::kExists;
    log_error(step.error->context(
        fmt::format("no good copy of backup {} came into repository {}", step.label, step.to)));
  }
  if (failed == 0) return 0;
  return exit_code(contradiction || failed == summary.steps.size() ? Code::kFailed
                                                                   : Code::kPartial);
}

}  // namespace

void add_copy(CLI::App& app, const Globals& globals, Runner& runner) {
  auto o = std::make_shared<CopyOptions>();
  CLI::App* cmd = app.add_subcommand(
      "copy", "Bring missing and damaged copies of backups from other repositories");
  auto* label = cmd->add_option("label", o->label, "Only this backup: a label or \"latest\"")
                    ->type_name("LABEL");
  auto* missing = cmd->add_flag("--missing", o->missing,
                                "What the catalog records as missing or damaged (the default)");
  missing->excludes(label);
  cmd->add_flag("--all,-a", o->all, "Every backup, to every repository that lacks it")
      ->excludes(label)
      ->excludes(missing);
  add_set_option(cmd, o->set);
  cmd->add_option("--to", o->to, "Only to this repository; it need not be one of the set's")
      ->type_name("NAME");
  cmd->add_option("--from", o->from, "Only from this repository")->type_name("NAME");
  cmd->add_flag("--accept-unsigned", o->accept_unsigned,
                "Copy backups whose signature is missing or wrong");
  cmd->footer(
      "\nThe stored bytes are copied as they are and compared on the way: no key is needed. Every\n"
      "backup ends with this for its own set. Exit code 3: some copies could not be made; 1: none\n"
      "could, or a repository holds another backup under the same name.");
  runner.on(cmd, [o, &globals] { return run(globals, *o); });
}

}  // namespace pgdr::command
