#include "app/init/init.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "app/init/init_database.hpp"
#include "app/init/init_plan.hpp"
#include "app/init/init_text.hpp"
#include "app/key/key.hpp"
#include "repo/repository.hpp"
#include "base/file.hpp"
#include "store/open_store.hpp"

namespace pgdr::app {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kPrivateFile = 0600;

bool exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

// Folders of our own files: missing ones are made, for this user alone.
Status make_folders(const std::string& file) {
  const fs::path folder = fs::path(file).parent_path();
  std::error_code error;
  if (fs::is_directory(folder, error)) return success();
  const mode_t before = umask(077);
  fs::create_directories(folder, error);
  umask(before);
  if (!error) return success();
  return Error::of(Code::kFailed,
                   fmt::format("cannot make the folder {}: {}", folder.string(), error.message()),
                   "choose another place with --config, or make the folder for this user");
}

// An existing identity is used, so that a second run after a failure ends where the first would.
Status settle_identity(InitPlan& plan, InitReport& report, const Clock& clock) {
  if (plan.identity_file.empty()) return success();
  if (exists(plan.identity_file)) {
    Result<std::vector<std::string>> recipients = identity_recipients(plan.identity_file);
    if (!recipients) return recipients.error().context("cannot use the key that is there");
    plan.set.recipients = *recipients;
    report.steps.push_back({StepState::kUnchanged, "key", plan.identity_file});
  } else {
    PGDR_CHECK(make_folders(plan.identity_file));
    PGDR_TRY(const std::string recipient, generate_identity_file(plan.identity_file, clock));
    plan.set.recipients = {recipient};
    report.steps.push_back({StepState::kDone, "key", plan.identity_file});
  }
  report.notes.push_back(fmt::format(
      "The private key is in {0}. Whoever has it can read every backup; whoever loses it loses "
      "every backup: nobody, and no program, can open them without it. Copy it now to at least two "
      "places away from this host (a password manager, a printout in a safe), then delete it here: "
      "backing up needs only the public key, {1}. A restore is given the file with --identity.",
      plan.identity_file, fmt::join(plan.set.recipients, ", ")));
  return success();
}

Status settle_signing(const InitPlan& plan, InitReport& report, SigningConfig& signing) {
  if (plan.signing_file.empty()) return success();
  signing.key_file = plan.signing_file;
  if (exists(plan.signing_file)) {
    PGDR_TRY(std::string key, signing_public_key(plan.signing_file));
    signing.trusted = {std::move(key)};
    report.steps.push_back({StepState::kUnchanged, "signing key", plan.signing_file});
    return success();
  }
  PGDR_CHECK(make_folders(plan.signing_file));
  PGDR_TRY(std::string key, generate_signing_key(plan.signing_file));
  signing.trusted = {std::move(key)};
  report.steps.push_back({StepState::kDone, "signing key", plan.signing_file});
  return success();
}

// A folder that holds something else must not be mixed with backups.
Status check_vacant(const RepositoryConfig& config) {
  const auto store = store::open_store(config);
  if (!store) {
    return store.error().code == Code::kRepositoryMissing ? success() : Status(store.error());
  }
  const auto record = (*store)->stat(kRepositoryFile);
  // A store across a network is not looked at before it is asked.
  if (!record && record.error().code == Code::kRepositoryMissing) return success();
  if (!record) return record.error();
  if (*record) return success();
  PGDR_TRY(const auto entries, (*store)->list(""));
  if (entries.empty()) return success();
  return Error::of(
      Code::kProtected,
      fmt::format("{} is not empty and not a pgdr repository (it holds {})", (*store)->location(),
                  entries.front().key),
      fmt::format("give the repository a folder of its own; if this is a repository that lost its "
                  "{}, bring that file back from another copy",
                  kRepositoryFile));
}

Status settle_repository(const RepositoryConfig& config, InitReport& report) {
  bool there = false;
  if (const auto store = store::open_store(config)) {
    const auto record = (*store)->stat(kRepositoryFile);
    there = record && record->has_value();
  }
  PGDR_TRY(const Repository made, create_repository(config));
  report.steps.push_back({there ? StepState::kUnchanged : StepState::kDone, "repository",
                          fmt::format("{} ({})", made.store->location(), config.name)});
  return success();
}

// Replaces the file's content; mode, owner and a symbolic link in its place stay.
Status rewrite_config(const std::string& path, const std::string& text) {
  std::error_code error;
  const std::string real = fs::canonical(path, error).string();
  struct stat info {};
  if (error || stat(real.c_str(), &info) != 0) {
    return Error::of(Code::kFailed, fmt::format("cannot look at {}", path));
  }
  PGDR_CHECK(write_file(real, text, info.st_mode & 07777U));
  if (info.st_uid != geteuid() && chown(real.c_str(), info.st_uid, info.st_gid) != 0) {
    return Error::of(Code::kFailed, fmt::format("cannot give {} back to its owner", real),
                     fmt::format("chown it to user number {}", info.st_uid));
  }
  return success();
}

Status settle_config(const InitPlan& plan, const SigningConfig& signing, InitReport& report) {
  if (plan.set_exists) {
    report.steps.push_back({StepState::kUnchanged, "configuration",
                            fmt::format("{} (set {})", plan.config_path, plan.set.name)});
    return success();
  }
  const std::string text = plan.existing ? plan.existing_text +
                                               (plan.existing_text.ends_with('\n') ? "" : "\n") +
                                               added_set_text(plan.new_repositories, plan.set)
                                         : new_config_text(plan.repositories, plan.set, signing);
  // What cannot be read back is not written.
  if (const auto parsed = parse_config(text, plan.config_path); !parsed) {
    return parsed.error().context("the configuration would not be valid");
  }
  if (plan.existing) {
    PGDR_CHECK(rewrite_config(plan.config_path, text));
  } else {
    PGDR_CHECK(make_folders(plan.config_path));
    PGDR_CHECK(write_file(plan.config_path, text, kPrivateFile, true));
  }
  report.steps.push_back({StepState::kDone, "configuration",
                          fmt::format("{}: {} set {}", plan.config_path,
                                      plan.existing ? "added" : "written, with", plan.set.name)});
  return success();
}

}  // namespace

bool InitReport::complete() const {
  return std::none_of(steps.begin(), steps.end(),
                      [](const InitStep& step) { return step.state == StepState::kMissing; });
}

bool InitReport::changed() const {
  return std::any_of(steps.begin(), steps.end(),
                     [](const InitStep& step) { return step.state == StepState::kDone; });
}

Result<InitReport> init(const InitRequest& request, Dialog& dialog, const Clock& clock) {
  PGDR_TRY(InitPlan plan, plan_init(request, dialog));
  InitReport report;
  report.config_path = plan.config_path;
  report.set = plan.set.name;

  // The database first: of all that can be wrong, it is the likeliest.
  PGDR_TRY(const auto db, db::Connection::open(plan.set.database));
  for (const RepositoryConfig& repository : plan.repositories) {
    PGDR_CHECK(check_vacant(repository));
  }

  SigningConfig signing;
  if (!plan.set_exists) {
    PGDR_CHECK(settle_identity(plan, report, clock));
    PGDR_CHECK(settle_signing(plan, report, signing));
    if (!plan.same_keys_as.empty()) {
      report.notes.push_back(fmt::format(
          "The set's backups open with the same keys as those of set {}.", plan.same_keys_as));
    }
  }
  for (const RepositoryConfig& repository : plan.repositories) {
    PGDR_CHECK(settle_repository(repository, report));
  }
  PGDR_CHECK(settle_config(plan, signing, report));
  PGDR_CHECK(settle_database(*db, request.schema, report));
  return report;
}

}  // namespace pgdr::app
