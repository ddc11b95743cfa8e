// What init is going to do, decided from options, answers and an existing configuration before
// anything is written. Internal to init.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/init/init.hpp"

namespace pgdr::app {

struct InitPlan {
  std::string config_path;
  std::optional<Config> existing;  // the file that is there
  std::string existing_text;
  bool set_exists = false;
  SetConfig set;
  std::vector<RepositoryConfig> repositories;      // of the set
  std::vector<RepositoryConfig> new_repositories;  // of these, not yet in the file
  std::string identity_file;  // to use, or to generate, for the set's recipient; else empty
  std::string same_keys_as;   // the set whose recipients were taken over; else empty
  std::string signing_file;   // to generate or use for a new configuration; else empty
};

Result<InitPlan> plan_init(const InitRequest& request, Dialog& dialog);

// "prompt69" from a URI, a connection string or a plain name; empty when it names none.
std::string database_name(const std::string& conninfo);
// A set name from any database name: other characters become '-'.
std::string set_name_for(const std::string& database);
// PLACE or NAME=PLACE (init_place.hpp); an unnamed one is called by its type: local, sftp2, ….
Result<std::vector<RepositoryConfig>> parse_repositories(const std::vector<std::string>& texts);

}  // namespace pgdr::app
