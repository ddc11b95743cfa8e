#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "repo/keys.hpp"
#include "app/snapshot.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "command/render.hpp"

namespace pgdr::command {
namespace {

struct SnapshotOptions {
  std::string set;
  std::string label;
  bool content = false;
};

Result<int> run_snapshot(const Globals& globals, const SnapshotOptions& options) {
  PGDR_TRY(const Chosen chosen, load_chosen(globals, options.set));
  app::SnapshotRequest request;
  if (!options.label.empty()) request.label = options.label;
  request.content = options.content;
  PGDR_TRY(request.key, app::load_fingerprint_key(chosen.config));
  const auto start = std::chrono::steady_clock::now();
  PGDR_TRY(const app::SnapshotSummary summary, app::take_snapshot(chosen.set, std::move(request)));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  if (globals.json) {
    print_json({{"snapshot", summary.id},
                {"set", chosen.set.name},
                {"database", summary.database},
                {"label", json_text(summary.label)},
                {"content", summary.content},
                {"taken_at", to_iso(summary.taken_at)},
                {"relations", summary.relations},
                {"rows", summary.rows},
                {"uncounted", summary.uncounted},
                {"duration_seconds", static_cast<double>(took.count()) / 1000.0}});
    return 0;
  }
  Fields fields;
  fields.add("Snapshot", std::to_string(summary.id));
  fields.add("Database", summary.database);
  if (summary.label) fields.add("Label", *summary.label);
  fields.add("Taken", to_local(summary.taken_at));
  fields.add("Holds", summary.content ? "counts, fingerprints and schema" : "counts");
  fields.add("Relations", format_count(summary.relations));
  fields.add("Rows", format_count(summary.rows));
  if (summary.uncounted > 0) {
    fields.add("Not counted", Cell(format_count(summary.uncounted), Tone::kWarn));
  }
  fields.add("Took", format_duration(took));
  print(fields.text(color_on_stdout()));
  return 0;
}

}  // namespace

void add_snapshot(CLI::App& app, const Globals& globals, Runner& run) {
  auto options = std::make_shared<SnapshotOptions>();
  CLI::App* cmd = app.add_subcommand("snapshot", "Count every table at one moment, and record it");
  add_set_option(cmd, options->set);
  cmd->add_flag("--content", options->content, "Fingerprints and schema records, too");
  cmd->add_option("--label", options->label, "A name for it")->type_name("TEXT");
  run.on(cmd, [options, &globals] { return run_snapshot(globals, *options); });
}

}  // namespace pgdr::command
