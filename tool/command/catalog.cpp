#include <memory>

#include <fmt/format.h>

#include "app/catalog/rebuild.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "command/render.hpp"

namespace pgdr::command {
namespace {

struct CatalogOptions {
  std::string set;
  std::string database;
  app::KeyFiles keys;
  bool accept_unsigned = false;
};

Result<int> run(const Globals& globals, const CatalogOptions& o) {
  PGDR_TRY(const Chosen chosen, load_chosen(globals, o.set));
  PGDR_TRY(const app::RebuildResult result,
           app::rebuild_catalog({chosen.config, chosen.set, terminal_progress(), o.database, o.keys,
                                 o.accept_unsigned}));
  if (globals.json) {
    Json conflicts = Json::array();
    for (const auto& conflict : result.conflicts) conflicts.push_back(to_string(conflict));
    print_json({{"database", result.database},
                {"backups", result.backups},
                {"copies", result.copies},
                {"snapshots", result.snapshots},
                {"conflicts", std::move(conflicts)},
                {"problems", result.problems}});
  } else if (!globals.quiet) {
    print(fmt::format("the catalog of {} knows {} in {}, {}\n", result.database,
                      plural(result.backups, "backup"), plural(result.copies, "copy", "copies"),
                      plural(result.snapshots, "snapshot")));
    if (!result.with_key && result.backups > 0) {
      print("without a key the snapshots stay closed: add --identity FILE to import them too\n");
    }
  }
  for (const auto& problem : result.problems) log_warning(problem);
  for (const auto& conflict : result.conflicts) log_error(conflict);
  if (!result.conflicts.empty()) return exit_code(Code::kCorrupt);
  return result.problems.empty() ? 0 : exit_code(Code::kPartial);
}

}  // namespace

void add_catalog(CLI::App& app, const Globals& globals, Runner& runner) {
  auto o = std::make_shared<CatalogOptions>();
  CLI::App* catalog = app.add_subcommand("catalog", "Work on the catalog in the database");
  catalog->require_subcommand(1);
  CLI::App* cmd =
      catalog->add_subcommand("rebuild", "Take the history of backups from the repositories");
  add_set_option(cmd, o->set);
  cmd->add_option("--database,-d", o->database, "Catalog to fill (else the set's database)")
      ->type_name("DB");
  cmd->add_option("--identity,-i", o->keys.identities,
                  "File with the private key: the snapshots are imported as well")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cmd->add_option("--passphrase-file", o->keys.passphrase_file, "File with the passphrase")
      ->type_name("FILE");
  cmd->add_flag("--accept-unsigned", o->accept_unsigned,
                "Import backups whose signature is missing or wrong");
  cmd->footer(
      "\nMay be repeated. Exit code 3: something could not be imported, and is named. Exit code "
      "1:\n"
      "two repositories hold different backups under one label; neither is imported.");
  runner.on(cmd, [o, &globals] { return run(globals, *o); });
}

}  // namespace pgdr::command
