#include "app/init/init_text.hpp"

#include <fmt/format.h>

#include "app/init/init_place.hpp"

namespace pgdr::app {
namespace {

std::string toml_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ", ";
    out += toml_text(text);
  }
  return out + "]";
}

std::string encryption_text(const SetConfig& set) {
  std::string out;
  if (!set.recipients.empty()) {
    out +=
        "# Who can open the backups: public keys (age1…). Name two, kept in different places: a\n"
        "# backup can be opened with either, and with none of them lost for good.\n";
    out += fmt::format("recipients = {}\n", toml_list(set.recipients));
  }
  if (!set.recipients_file.empty()) {
    out += "# A file with one public key per line; they add to `recipients`.\n";
    out += fmt::format("recipients_file = {}\n", toml_text(set.recipients_file));
  }
  if (!set.passphrase_file.empty()) {
    out +=
        "# The backups open with this file's first line: whoever can read it on this host can "
        "read\n"
        "# them. Public keys (recipients) avoid that.\n";
    out += fmt::format("passphrase_file = {}\n", toml_text(set.passphrase_file));
  }
  return out;
}

std::string set_text(const SetConfig& set) {
  const SetConfig defaults;
  return fmt::format(
      "[set.{}]\n"
      "# A libpq URI or connection string. Keep passwords out of it: use ~/.pgpass or a service.\n"
      "database = {}\n"
      "repositories = {}\n"
      "{}"
      "# compression_level = {}              # zstd, 1 (fast) to 12 (small)\n"
      "# globals = {}                     # roles and tablespaces, too\n"
      "# jobs = {}                           # parallel jobs of a restore\n"
      "# maintenance_database = {}  # where a restore connects to create databases\n",
      set.name, toml_text(set.database), toml_list(set.repositories), encryption_text(set),
      defaults.compression_level, defaults.globals, defaults.jobs,
      toml_text(defaults.maintenance_database));
}

std::string signing_text(const SigningConfig& signing) {
  if (signing.key_file.empty()) return {};
  return fmt::format(
      "\n"
      "# Manifests are signed, so that nobody can slip in a backup of their own. The private key\n"
      "# stays on the host that makes backups; hosts that only restore need `trusted` alone.\n"
      "[signing]\n"
      "key_file = {}\n"
      "trusted = {}\n",
      toml_text(signing.key_file), toml_list(signing.trusted));
}

}  // namespace

std::string toml_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string new_config_text(const std::vector<RepositoryConfig>& repositories, const SetConfig& set,
                            const SigningConfig& signing) {
  std::string out =
      "# Configuration of pgdr, written by \"pgdr init\". All keys: doc/configuration.md.\n"
      "# An unknown or misspelled key is an error: nothing here is ever ignored.\n"
      "version = 1\n"
      "\n"
      "# Where backups are kept. Several are written at once; keep one on another machine.\n";
  for (const RepositoryConfig& repository : repositories) out += repository_text(repository) + "\n";
  out +=
      "# A set: one database, where its backups go, and who can open them.\n"
      "# Keys that several sets share (all but `database`) can stand once, in [defaults].\n";
  return out + set_text(set) + signing_text(signing);
}

std::string added_set_text(const std::vector<RepositoryConfig>& new_repositories,
                           const SetConfig& set) {
  std::string out;
  for (const RepositoryConfig& repository : new_repositories) {
    out += "\n" + repository_text(repository);
  }
  return out + "\n" + set_text(set);
}

}  // namespace pgdr::app
