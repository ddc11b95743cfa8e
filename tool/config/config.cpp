#include "config/config.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "config/rclone.hpp"
#include "config/s3.hpp"
#include "config/section.hpp"
#include "config/sftp.hpp"
#include "base/format.hpp"

namespace pgdr {
namespace {

constexpr int kConfigVersion = 1;
constexpr int kMaxCompression = 12;  // zstd levels above had compressor bugs (zstd #3517)
constexpr int kMaxJobs = 64;
constexpr int kMostCopies = 16;
constexpr int kLongestQueue = 1024;  // MiB

std::vector<std::string> names_of(const auto& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

void check_name(Section& parent, const std::string& key, std::string_view what) {
  if (valid_name(key)) return;
  parent.error(key, fmt::format("'{}' is no name for a {}", key, what),
               "use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit");
}

void read_repository(Section section, RepositoryConfig& out) {
  section.text("type", out.type);
  section.rate("bandwidth_limit", out.bandwidth_limit);
  if (!section.has("type")) section.error("type", section.title() + " lacks 'type'");
  if (out.type == "s3") {
    read_s3_repository(section, out.s3);
    return;
  }
  if (out.type == "gcs") {
    read_gcs_repository(section, out.s3);
    return;
  }
  if (out.type == "rclone") {
    read_rclone_repository(section, out.rclone);
    return;
  }
  if (out.type == "sftp") {
    read_sftp_repository(section, out.sftp);
    return;
  }
  section.allow_only({"type", "path", "bandwidth_limit"});
  section.path("path", out.path);
  if (!out.type.empty() && out.type != "local") {
    section.error("type",
                  fmt::format("unknown repository type '{}' in {}", out.type, section.title()),
                  "types: local, s3, gcs, sftp, rclone");
  }
  if (!section.has("path")) section.error("path", section.title() + " lacks 'path'");
}

// A private key in the place of a public one must not travel into a message.
void check_recipients(Section& section, const std::vector<std::string>& recipients) {
  std::set<std::string> seen;
  for (const std::string& recipient : recipients) {
    std::string upper = recipient.substr(0, 15);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (upper == "AGE-SECRET-KEY-") {
      section.error("recipients",
                    fmt::format("'recipients' in {} holds a private key", section.title()),
                    "put the public key (age1…) there, remove the private key from this file, and "
                    "consider it disclosed to everyone who could read the file");
    } else if (!recipient.starts_with("age1")) {
      section.error("recipients",
                    fmt::format("'{}' in {} is not an age recipient", recipient, section.title()),
                    "a recipient begins with age1; \"pgdr key generate\" makes one");
    } else if (!seen.insert(recipient).second) {
      section.error("recipients",
                    fmt::format("'recipients' in {} holds {} twice", section.title(), recipient));
    }
  }
}

// The keys that [defaults] and [set.NAME] share. Recipients and passphrase exclude each other in
// one file (age's rule), so a set that chooses one of them drops the other from its defaults.
void read_set_keys(Section& section, SetConfig& out) {
  const bool own_recipients = section.has("recipients") || section.has("recipients_file");
  const bool own_passphrase = section.has("passphrase_file");
  if (own_recipients && own_passphrase) {
    section.error("passphrase_file",
                  fmt::format("{} has both recipients and 'passphrase_file'", section.title()),
                  "a backup is encrypted either to recipients or with a passphrase: keep one");
  }
  if (own_recipients) out.passphrase_file.clear();
  if (own_passphrase) {
    out.recipients.clear();
    out.recipients_file.clear();
  }
  section.texts("repositories", out.repositories);
  section.texts("recipients", out.recipients);
  check_recipients(section, out.recipients);
  section.path("recipients_file", out.recipients_file);
  section.path("passphrase_file", out.passphrase_file);
  section.integer("compression_level", out.compression_level, 1, kMaxCompression);
  section.flag("globals", out.globals);
  section.integer("jobs", out.jobs, 1, kMaxJobs);
  section.text("maintenance_database", out.maintenance_database);
  section.duration("lock_wait_timeout", out.lock_wait_timeout);
  section.integer("copies_required", out.copies.required, 1, kMostCopies);
  section.integer("copy_queue_mib", out.copies.queue_mib, 1, kLongestQueue);
  section.duration("copy_stall_timeout", out.copies.stall_timeout);
  section.duration("copy_delay_limit", out.copies.delay_limit);
  if (out.copies.stall_timeout < std::chrono::seconds(1)) {
    section.error("copy_stall_timeout",
                  fmt::format("'copy_stall_timeout' in {} is less than a second", section.title()));
  }
}

void check_references(Section& section, const SetConfig& set, const Config& config) {
  if (set.repositories.empty()) {
    section.error("repositories", section.title() + " names no repository",
                  "add repositories = [\"NAME\"] and a [repository.NAME]");
  }
  if (!set.repositories.empty() &&
      set.copies.required > static_cast<int>(set.repositories.size())) {
    section.error("copies_required",
                  fmt::format("{} requires {} copies, and has {} to keep them", section.title(),
                              set.copies.required,
                              plural(set.repositories.size(), "repository", "repositories")),
                  "name more repositories, or require fewer copies");
  }
  std::set<std::string> seen;
  for (const std::string& name : set.repositories) {
    if (!seen.insert(name).second) {
      section.error("repositories",
                    fmt::format("'repositories' in {} holds '{}' twice", section.title(), name));
    }
    if (config.repositories.contains(name)) continue;
    const std::vector<std::string> names = names_of(config.repositories);
    const std::string near = nearest(name, names);
    std::string message = fmt::format("{} refers to the repository '{}', which is not defined",
                                      section.title(), name);
    if (!near.empty()) message += fmt::format("; did you mean '{}'?", near);
    section.error("repositories", message, fmt::format("add a [repository.{}]", name));
  }
  if (set.recipients.empty() && set.recipients_file.empty() && set.passphrase_file.empty()) {
    section.error("recipients", section.title() + " says nobody who can open its backups",
                  "add recipients = [\"age1…\"], recipients_file or passphrase_file; "
                  "\"pgdr key generate\" makes a key");
  }
}

void read_set(Section section, const SetConfig& defaults, const Config& config, SetConfig& out) {
  const std::string name = std::move(out.name);
  out = defaults;
  out.name = name;
  section.allow_only({"database", "repositories", "recipients", "recipients_file",
                      "passphrase_file", "compression_level", "globals", "jobs",
                      "maintenance_database", "lock_wait_timeout", "copies_required",
                      "copy_queue_mib", "copy_stall_timeout", "copy_delay_limit"});
  if (!section.has("database")) section.error("database", section.title() + " lacks 'database'");
  section.text("database", out.database);
  read_set_keys(section, out);
  check_references(section, out, config);
}

void read_signing(Section section, SigningConfig& out) {
  section.allow_only({"key_file", "trusted"});
  section.path("key_file", out.key_file);
  section.texts("trusted", out.trusted);
  constexpr std::size_t kBase64Of32Bytes = 44;
  for (const std::string& key : out.trusted) {
    if (key.starts_with("ed25519:") && key.size() == 8 + kBase64Of32Bytes) continue;
    section.error("trusted", fmt::format("'{}' in [signing] is not a public signing key", key),
                  "it is written ed25519:<44 characters of base64>");
  }
}

// [retention] for every repository; [retention.NAME] changes single keys of it for one.
void read_retentions(Section section, Config& config, ConfigErrors& errors) {
  std::set<std::string> own;
  for (const auto& [key, node] : section.contents()) {
    if (node.is_table()) own.insert(std::string(key.str()));
  }
  std::vector<std::string_view> known = {
      "keep_last",   "keep_days",    "keep_hourly", "keep_nightly",      "keep_daily",
      "keep_weekly", "keep_monthly", "keep_yearly", "keep_verified_min", "time_zone"};
  const std::size_t rules = known.size();
  known.insert(known.end(), own.begin(), own.end());
  section.allow_only(known);
  known.resize(rules);
  RetentionConfig all;
  read_retention(section, all);
  for (auto& [name, repository] : config.repositories) repository.retention = all;
  for (const std::string& name : own) {
    const auto at = config.repositories.find(name);
    if (at == config.repositories.end()) {
      const std::string near = nearest(name, names_of(config.repositories));
      section.error(name, fmt::format("[retention.{}] is for a repository that is not defined{}",
                                      name, near.empty() ? "" : "; did you mean '" + near + "'?"));
      continue;
    }
    Section one(*section.table(name), "[retention." + name + "]", errors);
    one.allow_only(known);
    read_retention(one, at->second.retention);
  }
}

// One copy in the same folder as another is one copy.
void check_distinct_places(Section& parent, const Config& config) {
  std::map<std::string, std::string> owner;
  for (const auto& [name, repository] : config.repositories) {
    const std::string place = repository_place(repository);
    const auto [at, fresh] = owner.emplace(place, name);
    if (fresh || place.empty()) continue;
    parent.error(
        name,
        fmt::format("[repository.{}] and [repository.{}] have the same {} '{}'", at->second, name,
                    repository.type == "local" ? "path" : "place", place),
        "give each repository a place of its own: two copies in one place are one copy");
  }
}

void check_version(Section& root) {
  int version = 0;
  if (!root.has("version")) {
    root.error("version", "'version' is missing", "begin the file with: version = 1");
    return;
  }
  root.integer("version", version, 1, 1 << 20);
  if (version > kConfigVersion) {
    root.error("version",
               fmt::format("the configuration has version {}; this pgdr knows version {}", version,
                           kConfigVersion),
               "update pgdr");
  }
}

void read_config(Section root, Config& config, ConfigErrors& errors) {
  check_version(root);
  root.allow_only({"version", "defaults", "repository", "set", "signing", "restore", "fingerprint",
                   "retention", "schedule"});

  if (const toml::table* all = root.table("repository")) {
    Section parent(*all, "[repository]", errors);
    for (const auto& [key, node] : *all) {
      const std::string name(key.str());
      check_name(parent, name, "repository");
      if (const toml::table* one = parent.table(name)) {
        config.repositories[name].name = name;
        read_repository(Section(*one, "[repository." + name + "]", errors),
                        config.repositories[name]);
      }
    }
    check_distinct_places(parent, config);
  }
  SetConfig defaults;
  if (const toml::table* table = root.table("defaults")) {
    Section section(*table, "[defaults]", errors);
    section.allow_only({"repositories", "recipients", "recipients_file", "passphrase_file",
                        "compression_level", "globals", "jobs", "maintenance_database",
                        "lock_wait_timeout", "copies_required", "copy_queue_mib",
                        "copy_stall_timeout", "copy_delay_limit"});
    read_set_keys(section, defaults);
  }
  if (const toml::table* all = root.table("set")) {
    Section parent(*all, "[set]", errors);
    for (const auto& [key, node] : *all) {
      const std::string name(key.str());
      check_name(parent, name, "set");
      if (const toml::table* one = parent.table(name)) {
        config.sets[name].name = name;
        read_set(Section(*one, "[set." + name + "]", errors), defaults, config, config.sets[name]);
      }
    }
  }
  if (const toml::table* table = root.table("signing")) {
    read_signing(Section(*table, "[signing]", errors), config.signing);
  }
  if (const toml::table* table = root.table("restore")) {
    Section section(*table, "[restore]", errors);
    section.allow_only({"identity_file"});
    section.path("identity_file", config.identity_file);
  }
  if (const toml::table* table = root.table("fingerprint")) {
    Section section(*table, "[fingerprint]", errors);
    section.allow_only({"key_file"});
    section.path("key_file", config.fingerprint_key_file);
  }
  if (const toml::table* table = root.table("retention")) {
    read_retentions(Section(*table, "[retention]", errors), config, errors);
  }
  if (const toml::table* table = root.table("schedule")) {
    Section section(*table, "[schedule]", errors);
    read_schedule(section, config.schedule);
  }
}

}  // namespace

std::string repository_place(const RepositoryConfig& repository) {
  if (repository.type == "s3" || repository.type == "gcs") return s3_place(repository.s3);
  if (repository.type == "rclone") return rclone_place(repository.rclone);
  if (repository.type == "sftp") return sftp_place(repository.sftp);
  return repository.path;
}

bool valid_name(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  if (name.empty() || name.size() > kLongest) return false;
  const auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return alnum(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
           return alnum(c) || c == '.' || c == '_' || c == '-';
         });
}

Result<Config> parse_config(std::string_view text, const std::string& path) {
  ConfigErrors errors(path);
  Config config;
  config.path = path;
  try {
    const toml::table root = toml::parse(text, path);
    read_config(Section(root, "the file", errors), config, errors);
  } catch (const toml::parse_error& error) {
    return Error::of(Code::kUsage,
                     fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()),
                     "the file must be TOML (https://toml.io): texts in quotes, lists in brackets");
  }
  if (errors.first()) return *errors.first();
  return config;
}

Result<SetConfig> choose_set(const Config& config, const std::string& name) {
  const std::vector<std::string> names = names_of(config.sets);
  if (names.empty()) {
    return Error::of(Code::kUsage, fmt::format("{} defines no backup set", config.path),
                     "add one with \"pgdr init --database …\"");
  }
  if (name.empty() && names.size() == 1) return config.sets.begin()->second;
  if (name.empty()) {
    return Error::of(Code::kUsage,
                     fmt::format("{} defines {} backup sets: say which", config.path, names.size()),
                     fmt::format("add --set with one of: {}", fmt::join(names, ", ")));
  }
  if (const auto found = config.sets.find(name); found != config.sets.end()) return found->second;
  const std::string near = nearest(name, names);
  return Error::of(
      Code::kUsage,
      fmt::format("{} defines no set '{}'{}", config.path, name,
                  near.empty() ? std::string() : fmt::format("; did you mean '{}'?", near)),
      fmt::format("its sets: {}", fmt::join(names, ", ")));
}

}  // namespace pgdr
