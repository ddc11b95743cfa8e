#include "app/init/init_place.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "app/init/init_text.hpp"
#include "base/file.hpp"

namespace pgdr::app {
namespace {

using Keys = std::vector<std::pair<std::string, std::string>>;  // raw values

constexpr std::array kNumbers = {"port", "object_lock_days", "parts_in_flight", "part_size_mib"};
constexpr std::array kFlags = {"path_style", "allow_http"};

bool among(const auto& list, std::string_view key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

Error wrong(const std::string& place, const std::string& why, const std::string& hint) {
  return Error::of(Code::kUsage, fmt::format("--repository {}: {}", place, why), hint);
}

// The part of an address after "?": KEY=VALUE&KEY=VALUE.
Status read_query(std::string_view query, const std::string& place, Keys& keys) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return wrong(place, fmt::format("'{}' is no KEY=VALUE", pair),
                   "after '?' come keys of the configuration: ?region=eu-central-1&profile=backup");
    }
    keys.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  }
  return success();
}

// [USER@]HOST[:PORT]/PATH; /~/PATH is below the account's home.
Status read_sftp(std::string_view rest, Keys& keys) {
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  std::string path = slash == std::string_view::npos ? "" : std::string(rest.substr(slash));
  if (path.starts_with("/~/")) path.erase(0, 1);
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    if (user.find(':') != std::string_view::npos) {
      return Error::of(Code::kUsage, "the address of the repository holds a password",
                       "SSH servers are logged in to with keys: leave it out, and name a key with "
                       "?identity_file=… or load it into the ssh agent");
    }
    keys.emplace_back("user", user);
    authority.remove_prefix(at + 1);
  }
  // An IPv6 address stands in brackets.
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string host(authority.substr(0, colon));
  std::erase_if(host, [](char c) { return c == '[' || c == ']'; });
  if (!host.empty()) keys.emplace_back("host", host);
  if (colon != std::string_view::npos) keys.emplace_back("port", authority.substr(colon + 1));
  if (!path.empty()) keys.emplace_back("path", path);
  return success();
}

void read_bucket(std::string_view rest, Keys& keys) {
  const std::size_t slash = rest.find('/');
  if (slash != 0 && !rest.empty()) keys.emplace_back("bucket", rest.substr(0, slash));
  if (slash == std::string_view::npos) return;
  std::string_view prefix = rest.substr(slash + 1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!prefix.empty()) keys.emplace_back("prefix", prefix);
}

// As TOML has it; what is no number or flag is left to the reader to complain about.
std::string toml_value(const std::string& key, const std::string& value) {
  const bool digits =
      !value.empty() && value.size() < 10 &&
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (among(kNumbers, key) && digits) return std::to_string(std::stol(value));
  if (among(kFlags, key) && (value == "true" || value == "false")) return value;
  return toml_text(value);
}

std::string keys_text(const Keys& keys) {
  std::string out;
  for (const auto& [key, value] : keys)
    out += fmt::format("{} = {}\n", key, toml_value(key, value));
  return out;
}

void add(Keys& keys, const char* key, const std::string& value) {
  if (!value.empty()) keys.emplace_back(key, value);
}

void add(Keys& keys, const char* key, int value, int usual) {
  if (value != usual) keys.emplace_back(key, std::to_string(value));
}

Keys keys_of(const S3Config& s3) {
  const S3Config usual;
  Keys keys;
  add(keys, "bucket", s3.bucket);
  add(keys, "prefix", s3.prefix);
  add(keys, "endpoint", s3.endpoint);
  if (s3.endpoint.starts_with("http://")) keys.emplace_back("allow_http", "true");
  add(keys, "region", s3.region);
  if (s3.path_style) keys.emplace_back("path_style", *s3.path_style ? "true" : "false");
  add(keys, "storage_class", s3.storage_class);
  add(keys, "server_side_encryption", s3.server_side_encryption);
  add(keys, "kms_key_id", s3.kms_key_id);
  add(keys, "object_lock_mode", s3.object_lock_mode);
  add(keys, "object_lock_days", s3.object_lock_days, usual.object_lock_days);
  add(keys, "credentials_file", s3.credentials_file);
  add(keys, "profile", s3.profile);
  add(keys, "ca_file", s3.ca_file);
  add(keys, "parts_in_flight", s3.parts_in_flight, usual.parts_in_flight);
  add(keys, "part_size_mib", s3.part_size_mib, usual.part_size_mib);
  return keys;
}

Keys keys_of(const SftpConfig& sftp) {
  Keys keys;
  add(keys, "host", sftp.host);
  add(keys, "port", sftp.port, SftpConfig().port);
  add(keys, "user", sftp.user);
  add(keys, "path", sftp.path);
  add(keys, "identity_file", sftp.identity_file);
  add(keys, "known_hosts_file", sftp.known_hosts_file);
  return keys;
}

Keys keys_of(const RcloneConfig& rclone) {
  Keys keys;
  add(keys, "path", rclone.path);
  add(keys, "program", rclone.program);
  add(keys, "config_file", rclone.config_file);
  return keys;
}

}  // namespace

std::string place_type(const std::string& place) {
  if (place.starts_with("sftp://")) return "sftp";
  if (place.starts_with("s3://")) return "s3";
  if (place.starts_with("gs://")) return "gcs";
  if (place.starts_with("rclone:")) return "rclone";
  return "local";
}

Result<RepositoryConfig> parse_place(const std::string& name, const std::string& place) {
  const std::string type = place_type(place);
  Keys keys;
  std::string shown = place;
  if (type == "local") {
    if (place.find("://") != std::string::npos) {
      return wrong(place.substr(0, place.find("://") + 3) + "…", "is of no kind that is known",
                   "a folder, sftp://HOST/PATH, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or "
                   "rclone:REMOTE:PATH");
    }
    std::string path = expand_home(place);
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    if (path.empty() || path.front() != '/') {
      return Error::of(Code::kUsage,
                       fmt::format("the repository's path '{}' is not absolute", path),
                       "begin it with / or ~/");
    }
    keys.emplace_back("path", path);
  } else {
    const std::size_t question = place.find('?');
    const std::string_view body = std::string_view(place).substr(0, question);
    shown = std::string(body);
    if (type == "sftp") PGDR_CHECK(read_sftp(body.substr(7), keys));
    if (type == "s3" || type == "gcs") read_bucket(body.substr(5), keys);
    if (type == "rclone") add(keys, "path", std::string(body.substr(7)));
    if (question != std::string::npos) {
      PGDR_CHECK(read_query(std::string_view(place).substr(question + 1), shown, keys));
    }
  }
  Keys seen;
  for (const auto& entry : keys) {
    if (std::any_of(seen.begin(), seen.end(),
                    [&](const auto& one) { return one.first == entry.first; })) {
      return wrong(shown, fmt::format("'{}' is there twice", entry.first), "");
    }
    seen.push_back(entry);
  }
  const std::string text = fmt::format("version = 1\n[repository.\"{}\"]\ntype = {}\n{}", name,
                                       toml_text(type), keys_text(keys));
  Result<Config> config = parse_config(text, "");
  if (!config) {
    // "file:line: " of a file that nobody has seen.
    Error error = config.error();
    const std::size_t colon = error.message.find(": ");
    if (colon != std::string::npos && error.message.starts_with(":"))
      error.message.erase(0, colon + 2);
    return wrong(shown, error.message, error.hint);
  }
  return config->repositories.at(name);
}

std::string repository_text(const RepositoryConfig& repository) {
  Keys keys;
  if (repository.type == "s3" || repository.type == "gcs") {
    keys = keys_of(repository.s3);
  } else if (repository.type == "sftp") {
    keys = keys_of(repository.sftp);
  } else if (repository.type == "rclone") {
    keys = keys_of(repository.rclone);
  } else {
    add(keys, "path", repository.path);
  }
  // A dot in a bare key would begin another table.
  const bool dotted = repository.name.find('.') != std::string::npos;
  std::string out = fmt::format("[repository.{}]\ntype = {}\n{}",
                                dotted ? toml_text(repository.name) : repository.name,
                                toml_text(repository.type), keys_text(keys));
  if (repository.bandwidth_limit > 0) {
    out += fmt::format("bandwidth_limit = \"{}B/s\"\n", repository.bandwidth_limit);
  }
  return out;
}

}  // namespace pgdr::app
