#include "command/differences.hpp"

#include <limits>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "repo/keys.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"

namespace pgdr::command {

namespace {

Tone side_tone(const std::string& side) {
  if (side.starts_with("changed")) return Tone::kWarn;
  return side == "info" ? Tone::kDim : Tone::kBad;
}

// A changed column's NULL is a value, and not the text NULL; of a whole row only one side is there.
std::string value_text(const app::Difference& line, const std::optional<std::string>& value) {
  if (!line.column) return value.value_or("");
  if (!value) return "NULL";
  return *value == "NULL" ? "'NULL'" : *value;
}

struct DifferencesOptions {
  std::string set;
  app::DifferencesRequest request;
};

Result<int> run_differences(const Globals& globals, const DifferencesOptions& options) {
  PGDR_TRY(const Chosen chosen, load_chosen(globals, options.set));
  PGDR_TRY(auto key, app::load_fingerprint_key(chosen.config));
  PGDR_TRY(const app::Differences differences,
           app::read_differences(chosen.set, options.request, std::move(key)));
  if (globals.json) {
    print_json(differences_json(differences, options.request));
  } else if (!globals.quiet) {
    print(differences_text(differences, color_on_stdout()));
  }
  return app::any_difference(differences) ? exit_code(Code::kMismatch) : 0;
}

}  // namespace

std::string differences_text(const app::Differences& differences, bool color) {
  Table table({{"SIDE"}, {"KEY"}, {"COLUMN"}, {"EXPECTED"}, {"ACTUAL"}, {"DETAIL"}});
  std::string notes;
  for (const app::Difference& line : differences.lines) {
    if (line.side == "info") {
      notes += printable(line.detail.value_or("")) + "\n";
      continue;
    }
    table.add({Cell(line.side, side_tone(line.side)), line.key.value_or(""),
               line.column.value_or(""), value_text(line, line.expected),
               value_text(line, line.actual), line.detail.value_or("")});
  }
  if (!table.empty()) return table.text(color) + notes;
  return notes.empty() ? "no row differs\n" : notes;
}

Json differences_json(const app::Differences& differences, const app::DifferencesRequest& request) {
  Json lines = Json::array();
  for (const app::Difference& line : differences.lines) {
    lines.push_back({{"side", line.side},
                     {"key", json_text(line.key)},
                     {"column", json_text(line.column)},
                     {"expected", json_text(line.expected)},
                     {"actual", json_text(line.actual)},
                     {"detail", json_text(line.detail)}});
  }
  return {{"database", differences.database},
          {"target", request.target},
          {"relation", request.relation},
          {"question", request.question},
          {"equal", !app::any_difference(differences)},
          {"differences", std::move(lines)}};
}

void add_differences(CLI::App& app, const Globals& globals, Runner& run) {
  auto options = std::make_shared<DifferencesOptions>();
  CLI::App* cmd = app.add_subcommand(
      "differences", "Name the rows that differ in a restored database of the same server");
  cmd->add_option("target", options->request.target, "The restored database")
      ->type_name("DATABASE")
      ->required();
  cmd->add_option("relation", options->request.relation, "Table, as in SQL: schema.name")
      ->type_name("TABLE")
      ->required();
  cmd->add_option("--max-rows", options->request.max_rows, "How many rows to name")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, std::numeric_limits<int>::max()));
  cmd->add_option("--question", options->request.question,
                  "copy: what is wrong in the restored database; source: what the source lost or "
                  "changed since the backup; both")
      ->type_name("WHICH")
      ->capture_default_str()
      ->check(CLI::IsMember({"copy", "source", "both"}));
  add_set_option(cmd, options->set);
  cmd->footer("\nExit code 0: no row differs in what was asked for; 9: some do.");
  run.on(cmd, [options, &globals] { return run_differences(globals, *options); });
}

}  // namespace pgdr::command
