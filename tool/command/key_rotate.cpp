#include <sys/stat.h>

#include <memory>

#include <fmt/format.h>

#include "app/key/key.hpp"
#include "app/key/rotate.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "command/key.hpp"
#include "command/options.hpp"
#include "command/render.hpp"

namespace pgdr::command {
namespace {

struct KeyRotateOptions {
  app::RotateRequest request;
  std::string generate;
  bool dry_run = false;
};

// The file keeps its permissions.
Status replace_file(const std::string& path, const std::string& text) {
  struct stat info {};
  constexpr unsigned kPermissions = 07777;
  if (stat(path.c_str(), &info) != 0) return system_error(errno, "cannot look at " + path);
  return write_file(path, text, info.st_mode & kPermissions);
}

Result<int> run_rotate(const Globals& globals, KeyRotateOptions o) {
  PGDR_TRY(const Config config, load_config(globals.config));
  PGDR_TRY(const SetConfig set, choose_set(config, o.request.set));
  o.request.set = set.name;
  if (o.request.add.empty() && o.request.remove.empty() && o.generate.empty()) {
    return Error::of(Code::kUsage, "rotate to which recipients?",
                     "--add age1…, --remove age1…, or --generate FILE for a new key");
  }
  PGDR_TRY(const std::string text, read_file(config.path));
  if (!o.generate.empty() && o.dry_run) {
    return Error::of(Code::kUsage, "--generate makes a key, --dry-run makes nothing");
  }
  if (!o.generate.empty()) {
    PGDR_TRY(std::string recipient,
             app::generate_identity_file(expand_home(o.generate), system_clock()));
    o.request.add.push_back(std::move(recipient));
  }
  const auto rotation = app::plan_rotation(config, text, o.request);
  if (!rotation) {
    if (!o.generate.empty()) log_info("nothing uses the new key in " + o.generate + " yet");
    return rotation.error();
  }
  if (!o.dry_run) PGDR_CHECK(replace_file(rotation->file, rotation->text));
  if (globals.json) {
    print_json({{"set", set.name},
                {"file", rotation->file},
                {"changed", !o.dry_run},
                {"sets", rotation->sets},
                {"before", rotation->before},
                {"after", rotation->after}});
    return 0;
  }
  print(fmt::format("{} {}: new backups of {} are opened by\n", rotation->file,
                    o.dry_run ? "would change" : "is changed", fmt::join(rotation->sets, ", ")));
  for (const auto& one : rotation->after) print("  " + one + "\n");
  log_info(
      "old backups stay locked as they are: keep the old keys as long as they are there, or run "
      "pgdr key rewrap");
  return 0;
}

}  // namespace

void add_key_rotate(CLI::App& key, const Globals& globals, Runner& run) {
  auto o = std::make_shared<KeyRotateOptions>();
  CLI::App* cmd = key.add_subcommand("rotate", "Other recipients for new backups");
  add_set_option(cmd, o->request.set);
  cmd->add_option("--add", o->request.add, "Recipient (age1…) that opens new backups, too")
      ->type_name("KEY")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  auto* remove = cmd->add_option("--remove", o->request.remove, "Recipient that does no longer")
                     ->type_name("KEY")
                     ->expected(1)
                     ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cmd->add_option("--generate", o->generate, "Make a new key in this file, and add its recipient")
      ->type_name("FILE");
  cmd->add_flag("--replace", o->request.replace, "Only the added ones open new backups")
      ->excludes(remove);
  cmd->add_flag("--dry-run,-n", o->dry_run, "Only tell what would change");
  cmd->footer("\nChanges the list of recipients where it is written, and nothing else there.");
  run.on(cmd, [o, &globals] { return run_rotate(globals, *o); });
}

}  // namespace pgdr::command
