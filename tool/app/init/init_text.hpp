// The configuration file that `pgdr init` writes: commented TOML. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace pgdr::app {

// A text in TOML's basic quotes.
std::string toml_text(const std::string& text);

// A whole new file.
std::string new_config_text(const std::vector<RepositoryConfig>& repositories, const SetConfig& set,
                            const SigningConfig& signing);
// What to append to a file that has other sets.
std::string added_set_text(const std::vector<RepositoryConfig>& new_repositories,
                           const SetConfig& set);

}  // namespace pgdr::app
