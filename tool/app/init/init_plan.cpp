#include "app/init/init_plan.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "app/init/init_place.hpp"
#include "app/key/key.hpp"
#include "base/file.hpp"
#include "db/conninfo.hpp"
#include "pipe/age.hpp"

namespace pgdr::app {
namespace {

namespace fs = std::filesystem;

// The option's value; else an answer; else the default with --yes; else an error.
Result<std::string> settle(const std::string& given, const std::string& question,
                           const std::string& option, const std::string& suggestion,
                           const InitRequest& request, Dialog& dialog) {
  if (!given.empty()) return given;
  if (!request.accept_defaults && dialog.present()) {
    PGDR_TRY(std::string answer, dialog.ask(question, suggestion));
    if (!answer.empty()) return answer;
  } else if (request.accept_defaults && !suggestion.empty()) {
    return suggestion;
  }
  return Error::of(Code::kUsage, fmt::format("{} is missing", option),
                   suggestion.empty()
                       ? fmt::format("add {} …", option)
                       : fmt::format("add {}, or --yes to accept {}", option, suggestion));
}

std::string default_repository_path() {
  return geteuid() == 0 ? "/var/backups/pgdr" : expand_home("~/pgdr-repository");
}

Status check_database(const std::string& database) {
  PGDR_TRY(const db::Conninfo info, db::Conninfo::parse(database));
  if (!info.password().empty()) {
    return Error::of(Code::kUsage, "the connection string holds a password",
                     "leave it out and put it into ~/.pgpass (0600), as psql reads it: host:port:"
                     "database:user:password");
  }
  return success();
}

Status check_recipients(const InitRequest& request) {
  for (const std::string& recipient : request.recipients) {
    const auto parsed = pipe::parse_recipient(recipient);
    if (!parsed) return parsed.error().context("--recipient");
  }
  if (!request.passphrase_file.empty() &&
      (!request.recipients.empty() || !request.recipients_file.empty())) {
    return Error::of(Code::kUsage, "recipients and a passphrase exclude each other",
                     "a backup is encrypted either to recipients or with a passphrase: keep one");
  }
  if (!request.recipients_file.empty()) {
    PGDR_TRY(const std::string text, read_file(expand_home(request.recipients_file)));
    const auto parsed = pipe::parse_recipients_file(text);
    if (!parsed) return parsed.error().context(request.recipients_file);
  }
  if (!request.passphrase_file.empty()) {
    PGDR_TRY(std::string passphrase, read_passphrase_file(expand_home(request.passphrase_file)));
    cleanse(passphrase);
  }
  return success();
}

// What an existing set says is not changed by options.
Status check_unchanged(const InitRequest& request, const SetConfig& set, const Config& config) {
  const std::string& path = config.path;
  const auto differs = [&](const std::string& option) {
    return Error::of(
        Code::kUsage,
        fmt::format("{} has a set '{}' already, and {} says otherwise", path, set.name, option),
        "init changes nothing that exists: edit the file, or choose another --set");
  };
  if (!request.database.empty() && request.database != set.database &&
      database_name(request.database) != database_name(set.database)) {
    return differs("--database");
  }
  for (const std::string& recipient : request.recipients) {
    if (std::find(set.recipients.begin(), set.recipients.end(), recipient) ==
        set.recipients.end()) {
      return differs("--recipient");
    }
  }
  if (!request.passphrase_file.empty() &&
      expand_home(request.passphrase_file) != set.passphrase_file) {
    return differs("--passphrase-file");
  }
  if (!request.recipients_file.empty() &&
      expand_home(request.recipients_file) != set.recipients_file) {
    return differs("--recipients-file");
  }
  if (request.repositories.empty()) return success();
  PGDR_TRY(const auto wanted, parse_repositories(request.repositories));
  for (const RepositoryConfig& one : wanted) {
    const bool used =
        std::any_of(set.repositories.begin(), set.repositories.end(), [&](const auto& name) {
          return repository_place(config.repositories.at(name)) == repository_place(one);
        });
    if (used) continue;
    return Error::of(
        Code::kUsage,
        fmt::format("set '{}' exists already and does not use {}", set.name, repository_place(one)),
        fmt::format("init changes nothing that exists: in {} add a [repository.NAME] for it and "
                    "that name to the set's repositories, then run \"pgdr init --set {}\", which "
                    "makes what is missing",
                    path, set.name));
  }
  return success();
}

Status plan_repositories(const InitRequest& request, Dialog& dialog, InitPlan& plan) {
  std::vector<std::string> texts = request.repositories;
  if (texts.empty() && plan.existing && !plan.existing->repositories.empty()) {
    for (const auto& [name, repository] : plan.existing->repositories) {
      plan.repositories.push_back(repository);
    }
  } else {
    if (texts.empty()) {
      PGDR_TRY(std::string path, settle("", "Folder that keeps the backups", "--repository",
                                        default_repository_path(), request, dialog));
      texts.push_back(std::move(path));
    }
    PGDR_TRY(plan.repositories, parse_repositories(texts));
  }
  for (RepositoryConfig& repository : plan.repositories) {
    if (!plan.existing) {
      plan.new_repositories.push_back(repository);
      continue;
    }
    // The same place under whatever name it has there.
    const auto& known = plan.existing->repositories;
    const auto same = std::find_if(known.begin(), known.end(), [&](const auto& one) {
      return repository_place(one.second) == repository_place(repository);
    });
    if (same != known.end()) {
      repository = same->second;
    } else if (known.contains(repository.name)) {
      return Error::of(Code::kUsage,
                       fmt::format("{} has a repository '{}' already, at {}", plan.config_path,
                                   repository.name, repository_place(known.at(repository.name))),
                       "give the new one another name: --repository NAME=PLACE");
    } else {
      plan.new_repositories.push_back(repository);
    }
  }
  for (const RepositoryConfig& repository : plan.repositories) {
    plan.set.repositories.push_back(repository.name);
  }
  return success();
}

// The set's own recipients; else those of a set that is there; else a key to make, or to find
// again, next to the configuration.
Status plan_keys(const InitRequest& request, Dialog& dialog, InitPlan& plan) {
  PGDR_CHECK(check_recipients(request));
  plan.set.recipients = request.recipients;
  plan.set.recipients_file = expand_home(request.recipients_file);
  plan.set.passphrase_file = expand_home(request.passphrase_file);
  const std::string folder = fs::path(plan.config_path).parent_path().string();
  if (!plan.existing) plan.signing_file = folder + "/" + kSigningFileName;
  if (!request.recipients.empty() || !request.recipients_file.empty() ||
      !request.passphrase_file.empty()) {
    return success();
  }
  if (request.key_file.empty() && plan.existing && !plan.existing->sets.empty()) {
    const SetConfig& other = plan.existing->sets.begin()->second;
    plan.set.recipients = other.recipients;
    plan.set.recipients_file = other.recipients_file;
    plan.set.passphrase_file = other.passphrase_file;
    plan.same_keys_as = other.name;
    return success();
  }
  if (request.key_file.empty() && !request.accept_defaults && dialog.present()) {
    PGDR_TRY(const std::string answer,
             dialog.ask("Public key (age1…) that backups are encrypted to; empty: make a key", ""));
    if (!answer.empty()) {
      InitRequest with = request;
      with.recipients = {answer};
      PGDR_CHECK(check_recipients(with));
      plan.set.recipients = with.recipients;
      return success();
    }
  }
  PGDR_TRY(std::string file, settle(request.key_file, "File for the new private key", "--key-file",
                                    folder + "/" + kIdentityFileName, request, dialog));
  plan.identity_file = expand_home(file);
  if (plan.identity_file.front() != '/') {
    return Error::of(Code::kUsage, fmt::format("'{}' is no absolute path", plan.identity_file),
                     "begin it with / or ~/");
  }
  return success();
}

Status read_existing(InitPlan& plan) {
  Result<std::string> text = read_file(plan.config_path);
  if (!text) {
    if (text.error().code == Code::kNotFound) return success();
    Error error = text.error().context("cannot read the configuration");
    error.code = Code::kUsage;
    return error;
  }
  PGDR_TRY(plan.existing, parse_config(*text, plan.config_path));
  plan.existing_text = *text;
  return success();
}

}  // namespace

std::string database_name(const std::string& conninfo) {
  const Result<db::Conninfo> info = db::Conninfo::parse(conninfo);
  return info ? info->get("dbname") : std::string();
}

std::string set_name_for(const std::string& database) {
  std::string name;
  for (const char c : database) name += valid_name(std::string("a") + c) ? c : '-';
  while (!name.empty() && !valid_name(name.substr(0, 1))) name.erase(0, 1);
  constexpr std::size_t kLongest = 64;
  return name.substr(0, kLongest);
}

Result<std::vector<RepositoryConfig>> parse_repositories(const std::vector<std::string>& texts) {
  std::vector<RepositoryConfig> repositories;
  for (const std::string& text : texts) {
    std::string name;
    std::string place = text;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos && text.find('/') > equals && text.find('?') > equals) {
      name = text.substr(0, equals);
      place = text.substr(equals + 1);
    } else {
      name = place_type(text);
      if (!repositories.empty()) name += std::to_string(repositories.size() + 1);
    }
    if (!valid_name(name)) {
      return Error::of(Code::kUsage, fmt::format("'{}' is no name for a repository", name),
                       "use 1 to 64 letters, digits, '.', '_' or '-'");
    }
    PGDR_TRY(RepositoryConfig repository, parse_place(name, place));
    for (const RepositoryConfig& other : repositories) {
      if (other.name == repository.name ||
          repository_place(other) == repository_place(repository)) {
        return Error::of(Code::kUsage, fmt::format("two repositories are the same: {}={}",
                                                   repository.name, repository_place(repository)));
      }
    }
    repositories.push_back(std::move(repository));
  }
  return repositories;
}

Result<InitPlan> plan_init(const InitRequest& request, Dialog& dialog) {
  InitPlan plan;
  plan.config_path = request.config_path;
  PGDR_CHECK(read_existing(plan));

  std::string name = request.set;
  if (name.empty()) name = set_name_for(database_name(request.database));
  if (name.empty() && plan.existing && plan.existing->sets.size() == 1) {
    name = plan.existing->sets.begin()->first;
  }
  if (plan.existing && plan.existing->sets.contains(name)) {
    plan.set_exists = true;
    plan.set = plan.existing->sets.at(name);
    PGDR_CHECK(check_unchanged(request, plan.set, *plan.existing));
    for (const std::string& repository : plan.set.repositories) {
      plan.repositories.push_back(plan.existing->repositories.at(repository));
    }
    return plan;
  }
  PGDR_TRY(plan.set.database, settle(request.database, "Database (name or libpq URI)", "--database",
                                     "", request, dialog));
  PGDR_CHECK(check_database(plan.set.database));
  const std::string suggestion = set_name_for(database_name(plan.set.database));
  PGDR_TRY(plan.set.name, settle(request.set.empty() ? suggestion : request.set,
                                 "Name of the backup set", "--set", "", request, dialog));
  if (!valid_name(plan.set.name)) {
    return Error::of(Code::kUsage, fmt::format("'{}' is no name for a set", plan.set.name),
                     "use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or "
                     "digit");
  }
  if (plan.existing && plan.existing->sets.contains(plan.set.name)) {
    return Error::of(Code::kUsage,
                     fmt::format("{} has a set '{}' already", plan.config_path, plan.set.name),
                     "choose another name with --set");
  }
  PGDR_CHECK(plan_repositories(request, dialog, plan));
  PGDR_CHECK(plan_keys(request, dialog, plan));
  return plan;
}

}  // namespace pgdr::app
