// Where the configuration file is. The only place of the tool that reads $PGDR_CONFIG.

#include "config/config.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>
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

namespace {

// A password within: "postgres://user:secret@host", "host=db password=secret", rclone's
// "secret_access_key=…".
bool has_secret(const std::string& text) {
  static const std::regex kUserInfo("://[^/@:]*:[^/@]+@");
  static const std::regex kAssignment("(pass(word|phrase|wd)?|secret[a-z_]*|token)[ \\t]*=",
                                      std::regex::icase);
  return std::regex_search(text, kUserInfo) || std::regex_search(text, kAssignment);
}

// Where the configuration holds a password, as "[set.x] database"; "" if it holds none. Passwords
// belong into a pass file, keys into files of their own; who writes them here all the same must
// keep the file to himself.
std::string secret_place(const Config& config) {
  for (const auto& [name, set] : config.sets) {
    if (has_secret(set.database)) return "[set." + name + "] database";
    if (has_secret(set.maintenance_database)) return "[set." + name + "] maintenance_database";
  }
  for (const auto& [name, one] : config.repositories) {
    if (has_secret(one.s3.endpoint)) return "[repository." + name + "] endpoint";
    if (has_secret(one.rclone.path)) return "[repository." + name + "] path";
  }
  return {};
}

// 0600, or 0640 for a group that the administrator chose; never for everybody, never to be changed
// by others.
constexpr unsigned kTooOpen = 027;

Status check_mode(const Config& config) {
  const std::string place = secret_place(config);
  if (place.empty()) return success();
  struct stat st {};
  if (stat(config.path.c_str(), &st) != 0) {
    return system_error(errno, "cannot look at " + config.path);
  }
  if (!S_ISREG(st.st_mode) || (st.st_mode & kTooOpen) == 0) return success();
  return Error::of(Code::kUsage,
                   fmt::format("{} holds a password ({}), and others than its owner and group may "
                               "use it (mode {:04o})",
                               config.path, place, st.st_mode & 07777U),
                   fmt::format("run: chmod 600 {} (640 for a group of its own); better still, move "
                               "the password into ~/.pgpass",
                               config.path));
}

}  // namespace

Result<Config> load_config(const std::string& option) {
  PGDR_TRY(const std::string path, find_config(option));
  Result<std::string> text = read_file(path);
  if (!text) {
    Error error = text.error().context("cannot read the configuration");
    error.code = Code::kUsage;
    return error;
  }
  PGDR_TRY(Config config, parse_config(*text, path));
  PGDR_CHECK(check_mode(config));
  return config;
}

}  // namespace pgdr
