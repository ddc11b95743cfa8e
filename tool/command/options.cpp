#include "command/options.hpp"

#include <unistd.h>

#include "base/log.hpp"

namespace pgdr::command {

CLI::Option* add_set_option(CLI::App* command, std::string& set) {
  return command->add_option("--set,-s", set, "Backup set (may be left out when there is but one)")
      ->type_name("NAME");
}

Result<Chosen> load_chosen(const Globals& globals, const std::string& set) {
  Chosen chosen;
  PGDR_TRY(chosen.config, load_config(globals.config));
  PGDR_TRY(chosen.set, choose_set(chosen.config, set));
  return chosen;
}

Result<ChosenSets> load_chosen_sets(const Globals& globals, const std::string& set) {
  ChosenSets chosen;
  PGDR_TRY(chosen.config, load_config(globals.config));
  if (set.empty() && !chosen.config.sets.empty()) {
    for (const auto& [name, one] : chosen.config.sets) chosen.sets.push_back(one);
    return chosen;
  }
  PGDR_TRY(SetConfig one, choose_set(chosen.config, set));
  chosen.sets.push_back(std::move(one));
  return chosen;
}

void Failures::add(const std::string& set, const Error& error) {
  log_error(several_ ? error.context("set " + set) : error);
  if (!code_ || graver(error.code, *code_)) code_ = error.code;
}

int Failures::exit_status(int otherwise) const { return code_ ? exit_code(*code_) : otherwise; }

Result<std::unique_ptr<db::Connection>> open_database(const SetConfig& set,
                                                      const std::string& dbname) {
  return db::Connection::open(set.database, dbname);
}

bool interactive() { return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1; }

}  // namespace pgdr::command
