#include "command/expire.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "app/failure.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"

namespace pgdr::command {
namespace {

struct ExpireOptions {
  std::string set;
  std::string repository;
  bool dry_run = false;
  bool accept_unsigned = false;
  bool several_systems = false;
};

bool contains(const std::vector<std::string>& labels, const std::string& label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

// What became, or would become, of a backup.
std::string fate(const app::ExpireResult& result, const app::RetentionDecision& decision,
                 bool dry_run) {
  if (decision.keep || !result.plan.refusals.empty()) return "keep";
  if (dry_run) return "delete";
  if (contains(result.deleted, decision.backup.label)) return "deleted";
  return contains(result.spared, decision.backup.label) ? "spared" : "not deleted";
}

Tone fate_tone(const std::string& fate) {
  if (fate == "keep") return Tone::kPlain;
  return fate == "not deleted" ? Tone::kBad : Tone::kDim;
}

std::string sentence(const app::ExpireResult& result, bool dry_run) {
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;
  for (const auto& d : result.plan.decisions) {
    const std::string what = fate(result, d, dry_run);
    if (what != "delete" && what != "deleted") continue;
    bytes += d.backup.bytes;
    ++count;
  }
  const std::uint64_t all = result.plan.decisions.size();
  std::string text = fmt::format("repository {}: {} {}, {} freed, {} kept", result.repository,
                                 plural(count, "backup"), dry_run ? "would go" : "deleted",
                                 format_bytes(bytes), all - count);
  if (!result.leftovers.empty()) {
    text += fmt::format("; {} of dead runs {}", plural(result.leftovers.size(), "leftover"),
                        dry_run ? "would go" : "removed");
  }
  return text + "\n";
}

Result<int> run(const Globals& globals, const ExpireOptions& o) {
  PGDR_TRY(const ChosenSets chosen, load_chosen_sets(globals, o.set));
  Json sets = Json::array();
  std::optional<Error> failure;
  bool partial = false;
  const auto failed = [&](const Error& error) {
    log_error(error);
    // The gravest decides the exit code; an interrupt ends everything.
    if (!failure || graver(error.code, failure->code)) failure = error;
  };
  for (const auto& set : chosen.sets) {
    if (!o.repository.empty() && std::find(set.repositories.begin(), set.repositories.end(),
                                           o.repository) == set.repositories.end()) {
      if (chosen.sets.size() > 1) continue;
      if (!chosen.config.repositories.contains(o.repository)) {
        return app::no_such_repository(chosen.config, o.repository);
      }
      return Error::of(Code::kUsage,
                       fmt::format("set {} does not use repository {}", set.name, o.repository),
                       fmt::format("its repositories: {}", fmt::join(set.repositories, ", ")));
    }
    const auto summary =
        app::told(set, "expire",
                  app::run_expire({chosen.config, set, terminal_progress(), o.repository, o.dry_run,
                                   o.accept_unsigned, o.several_systems}));
    if (!summary) {
      if (globals.json) sets.push_back({{"set", set.name}, {"error", to_string(summary.error())}});
      failed(summary.error());
      if (summary.error().code == Code::kInterrupted) break;
      continue;
    }
    Json repositories = Json::array();
    for (const auto& result : summary->repositories) {
      if (globals.json) {
        repositories.push_back(expire_json(result, o.dry_run));
      } else if (!globals.quiet) {
        if (chosen.sets.size() > 1) print(fmt::format("set {}\n", set.name));
        print(expire_text(result, o.dry_run, o.dry_run || globals.verbose, color_on_stdout()));
      }
      for (const auto& warning : result.warnings) log_warning(warning);
      if (result.plan.floor_unmet && result.plan.refusals.empty()) {
        partial = true;
        log_warning(fmt::format(
            "repository {}: too few of its backups are verified, so none may go: pgdr verify, or "
            "pgdr restore, proves one",
            result.repository));
      }
      partial = partial || !result.warnings.empty();
      if (result.error) failed(*result.error);
    }
    if (summary->catalog_behind) {
      partial = true;
      log_warning(
          "the catalog does not know what was deleted; the next run, or pgdr catalog "
          "rebuild, tells it: " +
          summary->catalog_problem);
    }
    if (globals.json) {
      sets.push_back({{"set", set.name},
                      {"catalog_reachable", summary->catalog_problem.empty()},
                      {"repositories", std::move(repositories)}});
    }
    if (failure && failure->code == Code::kInterrupted) break;
  }
  if (globals.json) print_json({{"dry_run", o.dry_run}, {"sets", std::move(sets)}});
  if (failure) return exit_code(failure->code);
  return partial ? exit_code(Code::kPartial) : 0;
}

}  // namespace

std::string expire_text(const app::ExpireResult& result, bool dry_run, bool every_backup,
                        bool color) {
  // What was not looked at has no decisions to show.
  if (result.error && result.plan.decisions.empty()) return {};
  std::string text;
  Table table({{"BACKUP"}, {"ENDED"}, {"STORED", Align::kRight}, {"FATE"}, {"WHY"}});
  for (const auto& d : result.plan.decisions) {
    const std::string what = fate(result, d, dry_run);
    if (!every_backup && what == "keep") continue;
    table.add({d.backup.label, to_local(d.backup.stopped_at), format_bytes(d.backup.bytes),
               Cell(what, fate_tone(what)), fmt::format("{}", fmt::join(d.reasons, "; "))});
  }
  if (!table.empty()) text += table.text(color);
  for (const auto& label : result.leftovers) {
    text +=
        fmt::format("{}  left by a run that died: {}\n", label, dry_run ? "would go" : "removed");
  }
  if (every_backup) {
    for (const auto& label : result.young) {
      text += fmt::format("{}  no backup (yet): stays until nothing was written there for a day\n",
                          label);
    }
  }
  return text + sentence(result, dry_run);
}

Json expire_json(const app::ExpireResult& result, bool dry_run) {
  Json backups = Json::array();
  for (const auto& d : result.plan.decisions) {
    backups.push_back({{"label", d.backup.label},
                       {"stopped_at", to_iso(d.backup.stopped_at)},
                       {"stored_bytes", d.backup.bytes},
                       {"verified", d.backup.verified},
                       {"good", d.backup.good},
                       {"fate", fate(result, d, dry_run)},
                       {"reasons", d.reasons}});
  }
  return {{"repository", result.repository},
          {"location", result.location},
          {"time_zone", result.time_zone},
          {"error", result.error ? Json(to_string(*result.error)) : Json(nullptr)},
          {"refusals", result.plan.refusals},
          {"too_few_verified", result.plan.floor_unmet},
          {"leftovers", result.leftovers},
          {"unfinished", result.young},
          {"warnings", result.warnings},
          {"backups", std::move(backups)}};
}

void add_expire(CLI::App& app, const Globals& globals, Runner& runner) {
  auto o = std::make_shared<ExpireOptions>();
  CLI::App* cmd =
      app.add_subcommand("expire", "Delete the backups that no retention rule, pin or lease keeps");
  cmd->add_option("--set,-s", o->set, "Backup set (else all)")->type_name("NAME");
  cmd->add_option("--repository", o->repository, "Only in this repository")->type_name("NAME");
  cmd->add_flag("--dry-run,-n", o->dry_run, "Only tell what would go, what stays, and why");
  cmd->add_flag("--accept-unsigned", o->accept_unsigned,
                "Backups whose signature is missing or wrong are no doubt");
  cmd->add_flag("--several-systems", o->several_systems,
                "Backups of several clusters in turn are meant (after a failback)");
  cmd->footer(
      "\nThe rules are in [retention] of the configuration. On any doubt nothing goes: exit code "
      "5.\n"
      "Exit code 3: done, but too few backups are verified, or the catalog could not be told.");
  runner.on(cmd, [o, &globals] { return run(globals, *o); });
}

}  // namespace pgdr::command
