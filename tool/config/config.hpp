// The configuration, parsed once into plain immutable structs. Format: doc/configuration.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/retention.hpp"
#include "config/schedule.hpp"
#include "base/result.hpp"

namespace pgdr {

// Keys of a [repository.NAME] with type = "s3" or "gcs"; doc/repositories.md.
struct S3Config {
  bool google = false;  // type "gcs": Google Cloud Storage's XML interface
  std::string bucket;
  std::string prefix;              // "" or "a/b", without slashes at its ends
  std::string endpoint;            // "https://host[:port]"; empty: AWS
  std::string region;              // empty: from the environment or the profile
  std::optional<bool> path_style;  // unset: where the endpoint or the bucket's name asks for it
  std::string storage_class;
  std::string server_side_encryption;  // "AES256", "aws:kms", "aws:kms:dsse"
  std::string kms_key_id;
  std::string object_lock_mode;  // "GOVERNANCE" or "COMPLIANCE", with
  int object_lock_days = 0;      // so many days from the moment of writing
  std::string credentials_file;
  std::string profile;
  std::string ca_file;
  int parts_in_flight = 4;
  int part_size_mib = 8;  // of the first parts; see store/part_plan.hpp
};

// Keys of a [repository.NAME] with type = "sftp".
struct SftpConfig {
  std::string host;
  int port = 22;
  std::string user;              // empty: the one that runs pgdr
  std::string path;              // no trailing slash; relative: to the account's home
  std::string identity_file;     // empty: the ssh agent, then the usual files
  std::string known_hosts_file;  // empty: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts
};

// Keys of a [repository.NAME] with type = "rclone".
struct RcloneConfig {
  std::string path;         // "remote:path", without a slash at its end
  std::string program;      // empty: "rclone" in PATH
  std::string config_file;  // empty: rclone's own choice
};

struct RepositoryConfig {
  std::string name;
  std::string type;       // "local", "s3", "gcs", "sftp", "rclone"
  std::string path;       // local: absolute, no trailing slash
  S3Config s3;            // of type "s3" and "gcs" alone
  SftpConfig sftp{};      // of type "sftp" alone
  RcloneConfig rclone{};  // of type "rclone" alone
  // Bytes per second of everything together, uploads and downloads each; 0: none.
  std::uint64_t bandwidth_limit = 0;
  RetentionConfig retention{};
};

// How one backup goes to several repositories at once; doc/repositories.md.
struct CopyConfig {
  int required = 1;    // copies without which a backup does not count
  int queue_mib = 16;  // what may wait for a slow repository, in memory
  // A repository that takes nothing for so long is dropped from the run.
  std::chrono::milliseconds stall_timeout{120000};
  // So much may one repository hold the others back in all; 0: without limit.
  std::chrono::milliseconds delay_limit{0};
};

struct SetConfig {
  std::string name;      // also the set's folder in a repository: see valid_name()
  std::string database;  // libpq URI, conninfo or database name
  std::vector<std::string> repositories;
  std::vector<std::string> recipients;
  std::string recipients_file;
  std::string passphrase_file;
  int compression_level = 3;
  bool globals = true;
  int jobs = 2;
  std::string maintenance_database = "postgres";
  // So long a backup waits for a lock that others hold, at a time; 0: without limit.
  std::chrono::milliseconds lock_wait_timeout{std::chrono::minutes(30)};
  CopyConfig copies;
};

struct SigningConfig {
  std::string key_file;
  std::vector<std::string> trusted;
};

struct Config {
  std::string path;  // the file it came from
  std::map<std::string, RepositoryConfig> repositories;
  std::map<std::string, SetConfig> sets;
  SigningConfig signing;
  std::string identity_file;         // [restore]
  std::string fingerprint_key_file;  // [fingerprint] key_file; empty: unkeyed
  ScheduleConfig schedule{};
};

// kUsage with file, line and the nearest valid key for an unknown one; every value checked (type,
// range, references). Recipients and keys are checked for their form only: no file but the
// configuration is looked at.
Result<Config> parse_config(std::string_view text, const std::string& path);
// --config, $PGDR_CONFIG, ~/.config/pgdr/pgdr.toml, /etc/pgdr/pgdr.toml; kUsage naming the places
// looked at when none is there.
Result<std::string> find_config(const std::string& option);
Result<Config> load_config(const std::string& option);
// The set by name; without a name the only one; kUsage listing the names otherwise.
Result<SetConfig> choose_set(const Config& config, const std::string& name);

// Where `pgdr init` writes when nothing else is said: $PGDR_CONFIG, else /etc/pgdr/pgdr.toml for
// root, else ~/.config/pgdr/pgdr.toml.
std::string default_config_path();
// Where a repository is, in words: two with the same are one place.
std::string repository_place(const RepositoryConfig& repository);
// Names of sets and repositories: 1 to 64 of [A-Za-z0-9._-], first a letter or digit.
bool valid_name(std::string_view name);

}  // namespace pgdr
