// Where the configuration file is. The only place of the tool that reads $PGDR_CONFIG.

#include "base/config.hpp"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.hpp"

namespace pgdr {
namespace {

constexpr const char* kUserPath = "~/.config/pgdr/pgdr.toml";
constexpr const char* kSystemPath = "/etc/pgdr/pgdr.toml";

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value != nullptr ? value : "";
}

// An unreadable folder counts as "not there": the home folder in the environment may be another
// user's.
bool present(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

std::string default_config_path() {
  const std::string given = environment("PGDR_CONFIG");
  if (!given.empty()) return expand_home(given);
  return geteuid() == 0 ? kSystemPath : expand_home(kUserPath);
}

Result<std::string> find_config(const std::string& option) {
  const std::string hint = "make one with \"pgdr init\"";
  if (!option.empty()) {
    const std::string path = expand_home(option);
    if (present(path)) return path;
    return Error::of(Code::kUsage,
                     fmt::format("there is no readable configuration file '{}'", path), hint);
  }
  if (const std::string given = environment("PGDR_CONFIG"); !given.empty()) {
    const std::string path = expand_home(given);
    if (present(path)) return path;
    return Error::of(
        Code::kUsage,
        fmt::format("there is no readable configuration file '{}' ($PGDR_CONFIG)", path), hint);
  }
  const std::vector<std::string> places = {expand_home(kUserPath), kSystemPath};
  for (const std::string& path : places) {
    if (present(path)) return path;
  }
  return Error::of(
      Code::kUsage,
      fmt::format("there is no configuration file: looked for {}", fmt::join(places, " and ")),
      "make one with \"pgdr init\", or name one with --config or $PGDR_CONFIG");
}

Result<Config> load_config(const std::string& option) {
  PGDR_TRY(const std::string path, find_config(option));
  Result<std::string> text = read_file(path);
  if (!text) {
    Error error = text.error().context("cannot read the configuration");
    error.code = Code::kUsage;
    return error;
  }
  return parse_config(*text, path);
}

}  // namespace pgdr
