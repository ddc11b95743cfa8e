#include <memory>
#include <set>

#include <fmt/format.h>

#include "app/failure.hpp"
#include "app/verify/check.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "command/render.hpp"

namespace pgdr::command {
namespace {

struct VerifyOptions {
  std::string set;
  std::string label = "latest";
  bool all = false;
  bool deep = false;
  app::KeyFiles keys;
  std::string repository;
  bool accept_unsigned = false;
  int percent = 100;
  std::optional<std::uint64_t> seed;
};

std::string state_of(const app::CopyCheck& copy) {
  if (copy.unreachable) return "unreachable";
  if (copy.vanished) return "missing";
  return copy.good() ? "ok" : "damaged";
}

std::string text_of(const app::CheckResult& result, bool color) {
  Table table({{"BACKUP"}, {"REPOSITORY"}, {"READ", Align::kRight}, {"SIGNATURE"}, {"STATE"}});
  for (const auto& copy : result.copies) {
    table.add({copy.label, copy.repository, format_bytes(copy.bytes), copy.signature,
               state_cell(state_of(copy))});
  }
  std::string text = table.text(color);
  // What is said of a whole repository stands once.
  std::set<std::string> said;
  for (const auto& copy : result.copies) {
    for (const auto& problem : copy.problems) {
      if (said.insert(problem.text).second) text += "  " + problem.text + "\n";
    }
  }
  if (result.unread > 0) {
    text += fmt::format("{} in remote repositories not read this time\n",
                        plural(result.unread, "copy", "copies"));
  }
  return text;
}

Json json_of(const app::CheckResult& result) {
  Json copies = Json::array();
  for (const auto& copy : result.copies) {
    Json problems = Json::array();
    for (const auto& problem : copy.problems) {
      problems.push_back({{"file", problem.file.empty() ? Json(nullptr) : Json(problem.file)},
                          {"problem", problem.text}});
    }
    copies.push_back({{"label", copy.label},
                      {"repository", copy.repository},
                      {"location", copy.location},
                      {"state", state_of(copy)},
                      {"bytes_read", copy.bytes},
                      {"signature", copy.signature.empty() ? Json(nullptr) : Json(copy.signature)},
                      {"archive_blocks", copy.blocks ? Json(*copy.blocks) : Json(nullptr)},
                      {"problems", std::move(problems)}});
  }
  return {{"good", result.good()},       {"deep", result.deep},
          {"unread", result.unread},     {"seed", result.seed ? Json(*result.seed) : Json(nullptr)},
          {"recorded", result.recorded}, {"copies", std::move(copies)}};
}

Result<int> run(const Globals& globals, const VerifyOptions& o) {
  PGDR_TRY(const Chosen chosen, load_chosen(globals, o.set));
  app::CheckRequest request{chosen.config, chosen.set, terminal_progress(), o.label,          o.all,
                            o.deep,        o.keys,     o.repository,        o.accept_unsigned};
  request.percent = o.percent;
  request.seed = o.seed;
  PGDR_TRY(const app::CheckResult result, app::told(chosen.set, "verify", app::run_check(request)));
  if (globals.json) {
    print_json(json_of(result));
  } else if (!globals.quiet) {
    print(text_of(result, color_on_stdout()));
  }
  bool damaged = false;
  std::set<std::string> said;
  for (const auto& copy : result.copies) {
    if (copy.good()) continue;
    damaged = damaged || !copy.unreachable;
    const std::string& what = copy.problems.front().text;
    if (said.insert(what).second) log_error(Error::of(Code::kCorrupt, what));
  }
  if (damaged) return exit_code(Code::kCorrupt);
  return result.good() ? 0 : exit_code(Code::kPartial);
}

}  // namespace

void add_verify(CLI::App& app, const Globals& globals, Runner& runner) {
  auto o = std::make_shared<VerifyOptions>();
  CLI::App* cmd = app.add_subcommand("verify", "Re-read stored backups and compare every byte");
  auto* label = cmd->add_option("label", o->label, "Backup: a label or \"latest\" (default)")
                    ->type_name("LABEL");
  auto* all = cmd->add_flag("--all,-a", o->all, "Every backup of the set")->excludes(label);
  auto* percent =
      cmd->add_option("--percent", o->percent,
                      "With --all: read so much of what each remote repository holds, the least "
                      "recently read first")
          ->type_name("N")
          ->check(CLI::Range(1, 100))
          ->needs(all);
  cmd->add_option("--seed", o->seed, "Of the random sample that is taken without the catalog")
      ->type_name("N")
      ->needs(percent);
  cmd->add_flag("--deep", o->deep,
                "Also decrypt and decompress, and walk the archive to its end (needs the key)");
  add_set_option(cmd, o->set);
  cmd->add_option("--identity,-i", o->keys.identities,
                  "File with the private key; may be repeated (else $PGDR_IDENTITY)")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cmd->add_option("--passphrase-file", o->keys.passphrase_file, "File with the passphrase")
      ->type_name("FILE");
  cmd->add_option("--repository", o->repository, "Only the copies in this repository")
      ->type_name("NAME");
  cmd->add_flag("--accept-unsigned", o->accept_unsigned,
                "A missing or wrong signature is not a problem");
  cmd->footer("\nExit code 1: a copy is damaged; 3: a repository cannot be reached.");
  runner.on(cmd, [o, &globals] { return run(globals, *o); });
}

}  // namespace pgdr::command
