#include "app/backup/backup.hpp"

#include <memory>

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "command/backup_text.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"

namespace pgdr::command {

namespace {

std::string state_of(const app::BackupResult& result) {
  if (result.manifest.incomplete) return "incomplete";
  return result.whole() ? "complete" : "partial";
}

}  // namespace

std::string backup_text(const app::BackupResult& result, bool color) {
  const app::Manifest& m = result.manifest;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(m.finished_at - m.started_at);
  Fields fields;
  fields.add("backup", Cell(m.label, Tone::kBold));
  fields.add("state", state_cell(state_of(result)));
  fields.add("database", m.database);
  fields.add("recovery point", to_local(m.recovery_point));
  fields.add("took", format_duration(took));
  fields.add("size", fmt::format("{}, stored as {}", format_bytes(m.original_bytes()),
                                 format_bytes(m.stored_bytes())));
  fields.add("fingerprinted",
             fmt::format("{}, {}", plural(result.tables, "table"), plural(result.rows, "row")));
  for (const auto& copy : result.copies) {
    if (copy.complete) {
      fields.add("copy", fmt::format("{}: {}", copy.repository, copy.location));
    } else {
      fields.add("copy missing",
                 Cell(fmt::format("{}: {}", copy.repository,
                                  copy.error ? to_string(*copy.error) : "not written"),
                      Tone::kBad));
    }
  }
  for (const auto& warning : m.warnings) fields.add("lacking", Cell(warning, Tone::kWarn));
  return fields.text(color);
}

Json backup_json(const app::BackupResult& result) {
  Json copies = Json::array();
  for (const auto& copy : result.copies) {
    copies.push_back({{"repository", copy.repository},
                      {"location", copy.location},
                      {"state", copy.complete ? "complete" : "missing"},
                      {"error", copy.error ? Json(to_string(*copy.error)) : Json(nullptr)}});
  }
  Json brought = Json::array();
  for (const auto& step : result.brought) {
    brought.push_back({{"label", step.label},
                       {"repository", step.to},
                       {"error", step.error ? Json(to_string(*step.error)) : Json(nullptr)}});
  }
  return {
      {"label", result.manifest.label},
      {"state", state_of(result)},
      {"unproven", result.unproven},
      {"tables", result.tables},
      {"rows", result.rows},
      {"copies", std::move(copies)},
      {"brought", std::move(brought)},
      {"recorded", !result.record_error.has_value()},
      {"record_error", result.record_error ? Json(to_string(*result.record_error)) : Json(nullptr)},
      {"manifest", Json::parse(app::manifest_text(result.manifest))}};
}

namespace {

Result<int> run(const Globals& globals, const std::string& name, const std::string& klass) {
  PGDR_TRY(const Chosen chosen, load_chosen(globals, name));
  PGDR_TRY(const app::BackupResult result,
           app::run_backup({chosen.config, chosen.set, terminal_progress(), klass}));
  if (globals.json) {
    print_json(backup_json(result));
  } else if (!globals.quiet) {
    print(backup_text(result, color_on_stdout()));
  }
  if (result.manifest.incomplete) {
    log_error(Error::of(
        Code::kPartial,
        fmt::format("backup {} does not count, for it cannot be proven: {}", result.manifest.label,
                    fmt::join(result.unproven, "; ")),
        "run it again, when those tables are not being truncated, altered, or vacuumed in full"));
  }
  if (result.record_error) {
    Error error = result.record_error->context(fmt::format(
        "backup {} is complete and good, but the catalog does not know it", result.manifest.label));
    error.hint = "pgdr catalog rebuild takes it from the repository";
    log_error(error);
  }
  return result.whole() ? 0 : exit_code(Code::kPartial);
}

}  // namespace

void add_backup(CLI::App& app, const Globals& globals, Runner& runner) {
  auto set = std::make_shared<std::string>();
  auto klass = std::make_shared<std::string>();
  CLI::App* cmd = app.add_subcommand(
      "backup", "Dump, fingerprint, encrypt and store a set's database, in one snapshot");
  add_set_option(cmd, *set);
  cmd->add_option("--class", *klass,
                  "Made for this slot of the retention: hourly, nightly, weekly, monthly, yearly")
      ->type_name("CLASS")
      ->check(CLI::IsMember({"hourly", "nightly", "weekly", "monthly", "yearly"}));
  cmd->footer(
      "\nExit code 3: the backup is good, but a copy is missing or the catalog does not know it; "
      "or\n"
      "it is incomplete: something came in between that keeps it from being proven.");
  runner.on(cmd, [set, klass, &globals] { return run(globals, *set, *klass); });
}

}  // namespace pgdr::command
