#include "store/s3/credentials.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/text.hpp"

namespace pgdr::store {
namespace {

constexpr const char* kKeyId = "aws_access_key_id";
constexpr const char* kSecret = "aws_secret_access_key";
constexpr const char* kToken = "aws_session_token";

using Values = std::map<std::string, std::string>;

std::string value_of(const Values& values, const char* name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

// A key would be sent in a header: no line ends, no control characters.
bool printable(const std::string& text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

Result<S3Credentials> from_values(const Values& values, const std::string& where) {
  S3Credentials out{value_of(values, kKeyId), value_of(values, kSecret), value_of(values, kToken)};
  if (out.access_key.empty() || out.secret_key.empty()) {
    return Error::of(Code::kUsage,
                     fmt::format("{} lacks {}", where, out.access_key.empty() ? kKeyId : kSecret));
  }
  if (!printable(out.access_key) || !printable(out.secret_key) || !printable(out.session_token)) {
    return Error::of(Code::kUsage,
                     fmt::format("a key in {} contains blanks or control characters", where));
  }
  return out;
}

// The file's sections; empty when it is absent. secret: see the header about permissions.
Result<Ini> read_ini(const std::string& path, bool secret) {
  Result<std::string> text = secret ? read_secret_file(path) : read_file(path);
  if (!text) return text.error();
  std::optional<Ini> ini = parse_ini(*text);
  cleanse(*text);
  if (!ini) {
    return Error::of(Code::kUsage,
                     fmt::format("{} is not of the form \"[profile]\", \"name = value\"", path));
  }
  return *ini;
}

bool absent(const std::string& path) {
  const Result<std::unique_ptr<Source>> file = open_file(path);
  return !file && file.error().code == Code::kNotFound;
}

std::string place(const CredentialSource& source, const char* variable, const char* usual) {
  const std::string given = source.environment(variable);
  return expand_home(given.empty() ? usual : given);
}

// What both files say of a profile; the credentials file wins.
struct Profile {
  std::string name;
  std::string looked_at;
  bool found = false;
  Values values;
};

Result<Profile> read_profile(const CredentialSource& source, bool with_secrets) {
  Profile out;
  out.name = source.profile.empty() ? source.environment("AWS_PROFILE") : source.profile;
  if (out.name.empty()) out.name = "default";
  const std::string credentials =
      place(source, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
  const std::string config = place(source, "AWS_CONFIG_FILE", "~/.aws/config");
  out.looked_at = fmt::format("{} and {}", credentials, config);
  if (with_secrets && !absent(credentials)) {
    PGDR_TRY(const Ini ini, read_ini(credentials, true));
    if (const auto found = ini.find(out.name); found != ini.end()) {
      out.found = true;
      out.values = found->second;
    }
  }
  if (!absent(config)) {
    PGDR_TRY(const Ini ini, read_ini(config, false));
    auto found = ini.find("profile " + out.name);
    if (found == ini.end() && out.name == "default") found = ini.find("default");
    if (found != ini.end()) {
      out.found = true;
      // The profile's secret may be in this file too: then it is a secret file.
      if (with_secrets && found->second.contains(kSecret)) {
        PGDR_TRY([[maybe_unused]] const Ini checked, read_ini(config, true));
      }
      for (const auto& [name, value] : found->second) out.values.emplace(name, value);
    }
  }
  return out;
}

Result<S3Credentials> from_profile(const CredentialSource& source) {
  PGDR_TRY(const Profile profile, read_profile(source, true));
  const std::string hint =
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a credentials_file in the "
      "repository's configuration";
  if (!profile.found) {
    return Error::of(Code::kUsage,
                     fmt::format("there are no credentials for the object store: profile '{}' is "
                                 "not in {}",
                                 profile.name, profile.looked_at),
                     hint);
  }
  if (!profile.values.contains(kKeyId)) {
    for (const char* way : {"role_arn", "sso_session", "sso_start_url", "credential_process",
                            "web_identity_token_file"}) {
      if (!profile.values.contains(way)) continue;
      return Error::of(Code::kUsage,
                       fmt::format("profile '{}' gets its credentials by {}, which pgdr does not "
                                   "support",
                                   profile.name, way),
                       "let that program write them into the environment: eval \"$(aws configure "
                       "export-credentials --format env)\"");
    }
  }
  Result<S3Credentials> out =
      from_values(profile.values, fmt::format("profile '{}'", profile.name));
  if (!out && out.error().hint.empty()) out.error().hint = hint;
  return out;
}

}  // namespace

std::string process_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value != nullptr ? value : "";
}

std::optional<Ini> parse_ini(std::string_view text) {
  Ini ini;
  Values* section = nullptr;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view line = trimmed(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (raw.front() == ' ' || raw.front() == '\t') continue;
    if (line.front() == '[') {
      const std::size_t close = line.find(']');
      if (close == std::string_view::npos) return std::nullopt;
      section = &ini[std::string(trimmed(line.substr(1, close - 1)))];
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || section == nullptr) return std::nullopt;
    (*section)[std::string(trimmed(line.substr(0, equals)))] = trimmed(line.substr(equals + 1));
  }
  return ini;
}

Result<S3Credentials> load_credentials(const CredentialSource& source) {
  if (!source.credentials_file.empty()) {
    const std::string profile = source.profile.empty() ? "default" : source.profile;
    PGDR_TRY(const Ini ini, read_ini(source.credentials_file, true));
    const auto found = ini.find(profile);
    if (found == ini.end()) {
      return Error::of(Code::kUsage,
                       fmt::format("{} has no section [{}]", source.credentials_file, profile));
    }
    return from_values(found->second, fmt::format("{} [{}]", source.credentials_file, profile));
  }
  if (!source.profile.empty()) return from_profile(source);
  const Values environment = {{kKeyId, source.environment("AWS_ACCESS_KEY_ID")},
                              {kSecret, source.environment("AWS_SECRET_ACCESS_KEY")},
                              {kToken, source.environment("AWS_SESSION_TOKEN")}};
  if (!value_of(environment, kKeyId).empty() || !value_of(environment, kSecret).empty()) {
    return from_values(environment, "the environment (AWS_…)");
  }
  return from_profile(source);
}

Result<std::string> load_region(const CredentialSource& source) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = source.environment(name); !region.empty()) return region;
  }
  PGDR_TRY(const Profile profile, read_profile(source, false));
  return value_of(profile.values, "region");
}

}  // namespace pgdr::store
