#include <memory>

#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "command/overview_text.hpp"

namespace pgdr::command {
namespace {

struct ShowOptions {
  std::string set;
  std::string label = "latest";
  app::KeyFiles keys;
};

Result<int> run(const Globals& globals, const ShowOptions& o) {
  PGDR_TRY(const Chosen chosen, load_chosen(globals, o.set));
  PGDR_TRY(const app::Details details,
           app::read_details(chosen.config, chosen.set, o.label, o.keys));
  if (globals.json) {
    print_json(show_json(details));
  } else {
    print(show_text(details, color_on_stdout()));
  }
  for (const auto& problem : details.problems) log_warning(problem);
  return details.problems.empty() ? 0 : exit_code(Code::kPartial);
}

}  // namespace

void add_show(CLI::App& app, const Globals& globals, Runner& runner) {
  auto o = std::make_shared<ShowOptions>();
  CLI::App* cmd = app.add_subcommand("show", "Show everything about one backup");
  cmd->add_option("label", o->label, "Backup: a label or \"latest\" (default)")->type_name("LABEL");
  add_set_option(cmd, o->set);
  cmd->add_option("--identity,-i", o->keys.identities,
                  "File with the private key: shows tables, rows and fingerprints too")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cmd->add_option("--passphrase-file", o->keys.passphrase_file, "File with the passphrase")
      ->type_name("FILE");
  runner.on(cmd, [o, &globals] { return run(globals, *o); });
}

}  // namespace pgdr::command
