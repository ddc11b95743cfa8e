// What most subcommands begin with: the --set option, the configuration, the set's database.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "config/config.hpp"
#include "command/commands.hpp"
#include "db/connection.hpp"

namespace pgdr::command {

// --set NAME
CLI::Option* add_set_option(CLI::App* command, std::string& set);

struct Chosen {
  Config config;
  SetConfig set;
};
// The configuration and the set of that name, or the only one.
Result<Chosen> load_chosen(const Globals& globals, const std::string& set);
// For commands that report on everything: the set of that name, or all.
struct ChosenSets {
  Config config;
  std::vector<SetConfig> sets;  // at least one
};
Result<ChosenSets> load_chosen_sets(const Globals& globals, const std::string& set);

// What became of several sets: each failure is told at once, and the gravest decides the exit code,
// by the order of base/result.hpp's graver().
class Failures {
 public:
  explicit Failures(bool several) : several_(several) {}
  void add(const std::string& set, const Error& error);
  [[nodiscard]] bool any() const { return code_.has_value(); }
  // Or `otherwise`, where nothing failed.
  [[nodiscard]] int exit_status(int otherwise) const;

 private:
  bool several_;
  std::optional<Code> code_;
};

// The set's database. dbname: another database of the same server instead.
Result<std::unique_ptr<db::Connection>> open_database(const SetConfig& set,
                                                      const std::string& dbname = {});

// A person sits in front of both standard input and standard error.
bool interactive();

}  // namespace pgdr::command
