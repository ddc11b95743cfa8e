#include "command/init.hpp"

#include <filesystem>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/interrupt.hpp"
#include "base/log.hpp"
#include "base/output.hpp"
#include "base/visible.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"

namespace pgdr::command {
namespace {

constexpr std::size_t kTextWidth = 96;

// Questions on standard error, so that standard output stays a result.
class TerminalDialog : public app::Dialog {
 public:
  explicit TerminalDialog(bool present) : present_(present) {}
  [[nodiscard]] bool present() const override { return present_; }
  Result<std::string> ask(const std::string& question, const std::string& suggestion) override {
    put_error(suggestion.empty() ? fmt::format("{}: ", question)
                                 : fmt::format("{} [{}]: ", question, visible(suggestion)));
    std::string answer;
    if (!std::getline(std::cin, answer)) {
      put_error("\n");
      if (interrupted()) return interrupted_error();
      return Error::of(Code::kInterrupted, "no answer: nothing was changed");
    }
    const std::size_t first = answer.find_first_not_of(" \t");
    const std::size_t last = answer.find_last_not_of(" \t");
    answer = first == std::string::npos ? "" : answer.substr(first, last - first + 1);
    return answer.empty() ? suggestion : answer;
  }

 private:
  bool present_;
};

// Breaks at blanks; lines that begin with four blanks (SQL to copy) stay as they are.
std::string wrapped(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    while (!line.starts_with("    ") && line.size() > kTextWidth) {
      const std::size_t blank = line.rfind(' ', kTextWidth);
      if (blank == std::string::npos) break;
      out += line.substr(0, blank) + "\n";
      line.erase(0, blank + 1);
    }
    out += line + "\n";
    at = end + 1;
  }
  return out;
}

Cell step_cell(app::StepState state) {
  switch (state) {
    case app::StepState::kDone:
      return {"done", Tone::kGood};
    case app::StepState::kUnchanged:
      return {"unchanged", Tone::kDim};
    case app::StepState::kMissing:
      return {"missing", Tone::kBad};
  }
  return {""};
}

}  // namespace

std::string init_text(const app::InitReport& report, bool color) {
  Table table({{""}, {""}, {""}});
  for (const app::InitStep& step : report.steps) {
    table.add({step_cell(step.state), step.what, step.detail});
  }
  std::string out = table.text(color);
  out.erase(0, out.find('\n') + 1);  // no titles
  for (const std::string& note : report.notes) out += "\n" + wrapped(note);
  out += "\n";
  if (!report.complete()) {
    out += paint("Not complete yet: see above.", Tone::kWarn, color) + "\n";
  } else if (!report.changed()) {
    out += "Everything was there already; nothing was changed.\n";
  } else {
    out += fmt::format("Ready. Check with \"pgdr doctor\", then \"pgdr backup --set {}\".\n",
                       report.set);
  }
  return out;
}

Json init_json(const app::InitReport& report) {
  static const auto kName = [](app::StepState state) {
    return state == app::StepState::kDone        ? "done"
           : state == app::StepState::kUnchanged ? "unchanged"
                                                 : "missing";
  };
  Json steps = Json::array();
  for (const app::InitStep& step : report.steps) {
    steps.push_back({{"state", kName(step.state)}, {"what", step.what}, {"detail", step.detail}});
  }
  return {{"config", report.config_path},  {"set", report.set},
          {"complete", report.complete()}, {"changed", report.changed()},
          {"steps", std::move(steps)},     {"notes", report.notes}};
}

namespace {

Result<int> run_init(const Globals& globals, app::InitRequest request) {
  const std::string path =
      globals.config.empty() ? default_config_path() : expand_home(globals.config);
  request.config_path = std::filesystem::absolute(path).lexically_normal().string();
  TerminalDialog dialog(interactive() && !globals.json);
  PGDR_TRY(const app::InitReport report, app::init(request, dialog, system_clock()));
  if (globals.json) {
    print_json(init_json(report));
  } else {
    print(init_text(report, color_on_stdout()));
  }
  return report.complete() ? 0 : exit_code(Code::kPartial);
}

}  // namespace

void add_init(CLI::App& app, const Globals& globals, Runner& run) {
  auto request = std::make_shared<app::InitRequest>();
  CLI::App* cmd =
      app.add_subcommand("init", "Set up a backup set: configuration, repository, keys, extension");
  cmd->add_option("--database,-d", request->database, "Database: a name, libpq URI or conninfo")
      ->type_name("DB");
  cmd->add_option("--set,-s", request->set, "Name of the set (else the database's)")
      ->type_name("NAME");
  cmd->add_option("--repository", request->repositories,
                  "Where backups are kept, PLACE or NAME=PLACE; may be repeated")
      ->type_name("PLACE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cmd->add_option("--recipient,-r", request->recipients,
                  "Public key (age1…) that can open the backups; may be repeated")
      ->type_name("KEY")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cmd->add_option("--recipients-file", request->recipients_file, "File with such keys")
      ->type_name("FILE");
  cmd->add_option("--passphrase-file", request->passphrase_file,
                  "Encrypt with the passphrase in this file instead")
      ->type_name("FILE");
  cmd->add_option("--key-file", request->key_file, "Where to make a key when no recipient is given")
      ->type_name("FILE");
  cmd->add_option("--schema", request->schema, "Schema for the extension's functions")
      ->type_name("NAME")
      ->capture_default_str();
  cmd->add_flag("--yes,-y", request->accept_defaults, "Ask nothing: accept the defaults");
  cmd->footer(
      "\nPLACE is a folder, sftp://[USER@]HOST[:PORT]/PATH, s3://BUCKET[/PREFIX],\n"
      "gs://BUCKET[/PREFIX] or rclone:REMOTE:PATH; after '?' may follow keys of the "
      "configuration:\n"
      "\"s3://backups/db1?endpoint=https://s3.example.com&profile=backup\".\n"
      "\nWhat exists is never changed: keys, configuration, repository. Exit code 3 when the\n"
      "extension or a right is missing that only a superuser can give; the SQL is shown.");
  run.on(cmd, [request, &globals] { return run_init(globals, *request); });
}

}  // namespace pgdr::command
