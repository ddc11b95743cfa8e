// pgdr: the command line. Parses, dispatches, and turns an Error into the process's exit status.

#include <algorithm>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/abandoned.hpp"
#include "base/format.hpp"
#include "base/harden.hpp"
#include "base/interrupt.hpp"
#include "base/log.hpp"
#include "base/output.hpp"
#include "base/result.hpp"
#include "command/commands.hpp"
#include "command/render.hpp"
#include "command/version.hpp"

namespace {

using pgdr::Code;
using pgdr::Error;
using namespace pgdr::command;

void add_commands(CLI::App& app, const Globals& globals, Runner& run) {
  add_init(app, globals, run);
  add_backup(app, globals, run);
  add_list(app, globals, run);
  add_show(app, globals, run);
  add_verify(app, globals, run);
  add_copy(app, globals, run);
  add_restore(app, globals, run);
  add_expire(app, globals, run);
  add_keep(app, globals, run);
  add_schedule(app, globals, run);
  add_doctor(app, globals, run);
  add_status(app, globals, run);
  add_snapshot(app, globals, run);
  add_differences(app, globals, run);
  add_catalog(app, globals, run);
  add_key(app, globals, run);
}

// With --json, what reads standard output gets a document even then.
int fail(const Error& error, bool json) {
  pgdr::log_error(error);
  if (json && !printed_anything()) print_json(error_json(error));
  return pgdr::exit_code(error.code);
}

// The deepest subcommand chosen before parsing stopped, for its own help.
std::string command_path(const CLI::App& app) {
  std::string path = "pgdr";
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    path += " " + at->get_name();
  }
  return path;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
  }
  return names;
}

// The first word behind the names of the chosen commands that is no option, nor the value of one
// that every command has. "": there is none.
std::string next_word(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--config" || word == "-c") ++i;
    if (word.starts_with("-")) continue;
    const auto chosen = at->get_subcommands();
    if (chosen.empty()) return word;
    if (word == chosen.front()->get_name()) at = chosen.front();
  }
  return {};
}

Error usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::string path = command_path(app);
  const std::string help = "run \"" + path + " --help\"";
  const CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().front();
  const std::vector<std::string> names = command_names(*deepest);
  if (names.empty()) return Error::of(Code::kUsage, error.what(), help);
  // A command is missing here, or misspelled; CLI11 calls that a subcommand, or an argument.
  const std::string word = next_word(app, argc, argv);
  if (word.empty()) {
    if (deepest == &app) return Error::of(Code::kUsage, error.what(), help);
    return Error::of(Code::kUsage,
                     fmt::format("\"{}\" needs one of: {}", path, fmt::join(names, ", ")), help);
  }
  const std::string near = pgdr::nearest(word, names);
  return Error::of(Code::kUsage, fmt::format("there is no command \"{} {}\"", path, word),
                   near.empty() ? fmt::format("there are: {}; {}", fmt::join(names, ", "), help)
                                : fmt::format("did you mean \"{} {}\"? {}", path, near, help));
}

bool wants_json(int argc, char** argv) {
  return std::any_of(argv + 1, argv + argc,
                     [](const char* a) { return std::string_view(a) == "--json"; });
}

int run_command(int argc, char** argv) {
  CLI::App app{"pgdr proves that a PostgreSQL database can be recovered.", "pgdr"};
  Globals globals;
  Runner run;

  app.set_version_flag("--version,-V", version_text());
  app.add_option("--config,-c", globals.config,
                 "Configuration file (else $PGDR_CONFIG, ~/.config/pgdr/pgdr.toml, "
                 "/etc/pgdr/pgdr.toml)")
      ->type_name("FILE");
  app.add_flag("--json", globals.json, "Results as JSON on standard output");
  auto* quiet = app.add_flag("--quiet,-q", globals.quiet, "Errors and warnings only");
  app.add_flag("--verbose,-v", globals.verbose, "Say more about what is done")->excludes(quiet);
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.footer("\n" + exit_code_text());
  add_commands(app, globals, run);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      std::ostringstream text;
      app.exit(error, text, text);
      print(text.str());
      return 0;
    }
    return fail(usage_error(app, error, argc, argv), wants_json(argc, argv));
  }
  pgdr::log_setup(globals.quiet     ? pgdr::Verbosity::kQuiet
                  : globals.verbose ? pgdr::Verbosity::kVerbose
                                    : pgdr::Verbosity::kNormal);
  pgdr::install_signal_handlers();
  const pgdr::Result<int> status = run.run();
  if (!status) return fail(status.error(), globals.json);
  return *status;
}

}  // namespace

int main(int argc, char** argv) {
  pgdr::keep_memory_private();
  try {
    int status = run_command(argc, argv);
    // A result that could not be written (disk full, closed pipe) is not a result.
    const pgdr::Status written = pgdr::flush_output();
    if (!written && status == 0) status = fail(written.error(), false);
    // A thread that hangs in a dead repository must not see the program being taken down.
    if (pgdr::any_abandoned()) _exit(status);
    return status;
  } catch (const std::exception& error) {
    return fail(Error::of(Code::kFailed, std::string("internal error: ") + error.what(),
                          "this is a defect in pgdr: please report it with the command line"),
                wants_json(argc, argv));
  }
}
