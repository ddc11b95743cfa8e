#include <memory>

#include <fmt/format.h>

#include "app/key/rewrap.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "command/key.hpp"
#include "command/options.hpp"
#include "command/render.hpp"

namespace pgdr::command {
namespace {

struct KeyRewrapOptions {
  std::string set;
  std::string label;
  bool all = false;
  bool force = false;
  std::string repository;
  app::KeyFiles keys;
};

Result<int> run_it(const Globals& globals, const KeyRewrapOptions& o) {
  if (o.label.empty() == !o.all) {
    return Error::of(Code::kUsage, "rewrap which backups?", "a label, or --all");
  }
  PGDR_TRY(const Chosen chosen, load_chosen(globals, o.set));
  PGDR_TRY(const auto copies, app::run_rewrap({chosen.config, chosen.set, terminal_progress(),
                                               o.label, o.repository, o.keys, o.force}));
  Json rows = Json::array();
  Table table({{"BACKUP"}, {"REPOSITORY"}, {"STATE"}, {"STORED", Align::kRight}});
  std::optional<Error> first;  // the gravest
  bool any = false;
  for (const auto& copy : copies) {
    const std::string state = copy.error ? "failed" : copy.changed ? "rewrapped" : "was so";
    any = any || !copy.error;
    rows.push_back({{"label", copy.label.empty() ? Json(nullptr) : Json(copy.label)},
                    {"repository", copy.repository},
                    {"state", state},
                    {"stored_bytes", copy.bytes},
                    {"error", copy.error ? Json(to_string(*copy.error)) : Json(nullptr)}});
    table.add({copy.label, copy.repository, state_cell(state),
               copy.bytes > 0 ? format_bytes(copy.bytes) : std::string()});
    if (!copy.error) continue;
    log_error(*copy.error);
    if (!first || graver(copy.error->code, first->code)) first = copy.error;
  }
  if (globals.json) {
    print_json({{"set", chosen.set.name}, {"copies", std::move(rows)}});
  } else if (!globals.quiet) {
    print(table.empty() ? std::string("there is no backup\n") : table.text(color_on_stdout()));
  }
  if (!first) return 0;
  const bool interrupt = first->code == Code::kInterrupted;
  return exit_code(any && !interrupt ? Code::kPartial : first->code);
}

}  // namespace

void add_key_rewrap(CLI::App& key, const Globals& globals, Runner& run) {
  auto o = std::make_shared<KeyRewrapOptions>();
  CLI::App* cmd =
      key.add_subcommand("rewrap", "Lock old backups to the recipients that new ones have");
  auto* label =
      cmd->add_option("label", o->label, "Backup: a label or \"latest\"")->type_name("LABEL");
  cmd->add_flag("--all,-a", o->all, "Every backup of the set")->excludes(label);
  add_set_option(cmd, o->set);
  cmd->add_option("--identity,-i", o->keys.identities,
                  "File with a private key that opens them now; may be repeated")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cmd->add_option("--passphrase-file", o->keys.passphrase_file,
                  "File with the passphrase that opens them now, or opens the identity file")
      ->type_name("FILE");
  cmd->add_option("--repository", o->repository, "Only the copies in this repository")
      ->type_name("NAME");
  cmd->add_flag("--force", o->force, "Also those that have the same recipients already");
  cmd->footer(
      "\nThe content is copied as it is: nothing is dumped or encrypted anew, and whoever had the "
      "old\n"
      "files and an old key can still read those. Exit code 3: some could not be rewrapped.");
  run.on(cmd, [o, &globals] { return run_it(globals, *o); });
}

}  // namespace pgdr::command
