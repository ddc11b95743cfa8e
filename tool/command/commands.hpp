// The subcommands' seam with main.cpp. Each command registers itself:
//
//   void add_list(CLI::App& app, const Globals& globals, Runner& run) {
//     auto options = std::make_shared<ListOptions>();
//     CLI::App* cmd = app.add_subcommand("list", "Show the backups of a set");
//     cmd->add_option("--set", options->set, "Backup set");
//     run.on(cmd, [options, &globals] { return list(*options, globals); });
//   }
//
// and main.cpp calls every add_…() once. Global options are accepted before and after the name of
// the subcommand. Results go to standard output, everything else through base/log.hpp.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "base/result.hpp"

namespace pgdr::command {

// Options of every command; filled when the action runs, not yet while commands are registered.
struct Globals {
  std::string config;  // --config; empty: config/config.hpp's search
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};

// Remembers what the chosen subcommand wants done, so that the work happens after parsing, where an
// Error becomes an exit code in one place.
class Runner {
 public:
  // The exit status of a run that went as it should: normally 0, or 3 (a copy or part is missing)
  // or 9 (content does not match) where that is a result and not an error.
  using Action = std::function<Result<int>()>;

  // Only for commands that do something themselves: not for `key`, but for `key generate`.
  void on(CLI::App* command, Action action);
  // kUsage when no subcommand was chosen.
  Result<int> run() const;

 private:
  Action chosen_;
};

void add_init(CLI::App& app, const Globals& globals, Runner& run);
void add_expire(CLI::App& app, const Globals& globals, Runner& run);
void add_keep(CLI::App& app, const Globals& globals, Runner& run);
void add_schedule(CLI::App& app, const Globals& globals, Runner& run);
void add_doctor(CLI::App& app, const Globals& globals, Runner& run);
void add_backup(CLI::App& app, const Globals& globals, Runner& run);
void add_list(CLI::App& app, const Globals& globals, Runner& run);
void add_show(CLI::App& app, const Globals& globals, Runner& run);
void add_copy(CLI::App& app, const Globals& globals, Runner& run);
void add_verify(CLI::App& app, const Globals& globals, Runner& run);
void add_restore(CLI::App& app, const Globals& globals, Runner& run);
void add_status(CLI::App& app, const Globals& globals, Runner& run);
void add_snapshot(CLI::App& app, const Globals& globals, Runner& run);
void add_differences(CLI::App& app, const Globals& globals, Runner& run);
void add_catalog(CLI::App& app, const Globals& globals, Runner& run);
void add_key(CLI::App& app, const Globals& globals, Runner& run);

}  // namespace pgdr::command
