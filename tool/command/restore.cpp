#include "app/failure.hpp"
#include "app/restore/restore.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "command/restore_text.hpp"

namespace pgdr::command {
namespace {

constexpr std::size_t kFindingsShown = 50;
constexpr std::size_t kFailuresShown = 20;

const char* proof_word(app::Proof proof) {
  switch (proof) {
    case app::Proof::kPassed:
      return "passed";
    case app::Proof::kFailed:
      return "failed";
    case app::Proof::kUnproven:
      return "unproven";
    case app::Proof::kNotAsked:
      return "not asked for";
  }
  return "";
}

}  // namespace

std::string findings_text(const std::vector<db::Finding>& findings, std::size_t most, bool color) {
  Table table({{"STATUS"}, {"TYPE"}, {"OBJECT"}, {"CHECK"}, {"EXPECTED"}, {"ACTUAL"}, {"DETAIL"}});
  std::size_t left_out = 0;
  const auto brief = [](const std::optional<std::string>& text) {
    std::string shown = text.value_or("");
    if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
    return shown;
  };
  std::size_t shown = 0;
  for (const auto& f : findings) {
    if (f.check_name == "verdict") continue;
    if (shown++ >= most) {
      ++left_out;
      continue;
    }
    table.add({state_cell(f.status), f.object_type, f.object, f.check_name, brief(f.expected),
               brief(f.actual), brief(f.detail)});
  }
  std::string text = table.empty() ? "" : table.text(color);
  if (left_out > 0) text += fmt::format("… and {} more\n", left_out);
  return text;
}

Json findings_json(const std::vector<db::Finding>& findings) {
  Json all = Json::array();
  for (const auto& f : findings) {
    all.push_back({{"status", f.status},
                   {"object_type", f.object_type},
                   {"object", f.object},
                   {"check_name", f.check_name},
                   {"expected", json_text(f.expected)},
                   {"actual", json_text(f.actual)},
                   {"detail", json_text(f.detail)}});
  }
  return all;
}

std::string restore_text(const app::RestoreResult& r, bool color) {
  Fields fields;
  fields.add("restored", Cell(r.database, Tone::kBold));
  fields.add("from backup", fmt::format("{} in repository {}", r.label, r.repository));
  fields.add("took", format_duration(r.took));
  if (r.outcome.error_count > 0) {
    fields.add("errors", Cell(plural(r.outcome.error_count, "statement") + " failed",
                              r.serious_errors > 0 ? Tone::kBad : Tone::kWarn));
  }
  fields.add("verification", state_cell(proof_word(r.proof)));
  if (!r.findings.empty() && r.findings.back().detail) {
    fields.add("verdict", *r.findings.back().detail);
  }
  if (!r.proof_detail.empty()) fields.add("why", r.proof_detail);
  std::string text = fields.text(color);
  std::uint64_t failures = 0;
  for (const auto& failed : r.outcome.failed) {
    if (failures == kFailuresShown) break;
    text += "  " + app::failure_text(failed) + "\n";
    ++failures;
  }
  if (r.outcome.error_count > failures && failures > 0) {
    text += fmt::format("  … and {} more\n", r.outcome.error_count - failures);
  }
  const std::string findings = findings_text(r.findings, kFindingsShown, color);
  if (!findings.empty()) text += "\n" + findings;
  return text;
}

Json restore_json(const app::RestoreResult& r) {
  Json errors = Json::array();
  for (const auto& failed : r.outcome.failed) {
    if (errors.size() == kFailuresShown) break;
    errors.push_back(app::failure_text(failed));
  }
  return {{"label", r.label},
          {"repository", r.repository},
          {"database", r.database},
          {"target", r.target},
          {"seconds", static_cast<double>(r.took.count()) / 1000.0},
          {"streams", r.outcome.streams},
          {"error_count", r.outcome.error_count},
          {"serious_errors", r.serious_errors},
          {"errors", errors},
          {"left_out", r.outcome.left_out},
          {"lacks", lacks_json(r.lacks)},
          {"warnings", r.warnings},
          {"verification", proof_word(r.proof)},
          {"verification_detail", r.proof_detail.empty() ? Json(nullptr) : Json(r.proof_detail)},
          {"findings", findings_json(r.findings)},
          {"recorded", r.recorded}};
}

int restore_exit(const app::RestoreResult& r) {
  if (r.proof == app::Proof::kFailed) return exit_code(Code::kMismatch);
  if (r.serious_errors > 0 || (r.outcome.error_count > 0 && r.proof != app::Proof::kPassed)) {
    return exit_code(Code::kFailed);
  }
  return r.proof == app::Proof::kUnproven ? exit_code(Code::kPartial) : 0;
}

namespace {

struct RestoreOptions {
  std::string set;
  std::string label;
  std::string to;
  app::KeyFiles keys;
  app::RestoreOptions restore;
  std::string confirm;
  std::string repository;
  bool no_verify = false;
  bool verify = false;
  bool globals = false;
  bool accept_unsigned = false;
  bool accept_older = false;
  bool accept_missing = false;
  bool plan = false;
};

void explain(const app::RestoreResult& result) {
  for (const auto& warning : result.warnings) log_warning(warning);
  Error error;
  if (result.proof == app::Proof::kFailed) {
    error = Error::of(Code::kMismatch,
                      fmt::format("database \"{}\" is not what was backed up", result.database),
                      "the copy is left in place for examination");
  } else if (restore_exit(result) == exit_code(Code::kFailed)) {
    error = Error::of(Code::kFailed, fmt::format("{} of the restore failed",
                                                 plural(result.outcome.error_count, "statement")));
    const bool roles = std::any_of(result.lacks.begin(), result.lacks.end(),
                                   [](const app::Lack& lack) { return lack.what == "role"; });
    if (roles) error.hint = "restore the roles first (--globals), or use --no-owner --no-acl";
    if (!result.proof_detail.empty()) error.message = result.proof_detail;
  } else if (result.proof == app::Proof::kUnproven) {
    error = Error::of(Code::kPartial, fmt::format("database \"{}\" is restored, but not proven: {}",
                                                  result.database, result.proof_detail));
  } else {
    return;
  }
  log_error(error);
}

Result<int> run(const Globals& globals, const RestoreOptions& o) {
  if (o.restore.if_exists && !o.restore.clean) {
    return Error::of(Code::kUsage, "--if-exists means something only with --clean");
  }
  PGDR_TRY(const Chosen chosen, load_chosen(globals, o.set));
  app::RestoreRequest request{chosen.config, chosen.set, terminal_progress(), o.label,     o.to,
                              o.keys,        o.restore,  o.confirm,           o.repository};
  request.verify = !o.no_verify;
  request.globals = o.globals;
  request.accept_unsigned = o.accept_unsigned;
  request.accept_older = o.accept_older;
  if (request.options.jobs == 0) request.options.jobs = chosen.set.jobs;
  request.accept_missing = o.accept_missing;
  request.plan = o.plan;
  PGDR_TRY(const app::RestoreResult result,
           app::told(chosen.set, "restore", app::run_restore(request)));
  if (o.plan) {
    if (globals.json) {
      print_json(plan_json(result));
    } else {
      print(plan_text(result, color_on_stdout()));
    }
    return plan_exit(result);
  }
  if (globals.json) {
    print_json(restore_json(result));
  } else if (!globals.quiet) {
    print(restore_text(result, color_on_stdout()));
  }
  explain(result);
  return restore_exit(result);
}

}  // namespace

void add_restore(CLI::App& app, const Globals& globals, Runner& runner) {
  auto o = std::make_shared<RestoreOptions>();
  o->restore.jobs = 0;
  CLI::App* cmd =
      app.add_subcommand("restore", "Restore a backup into a new database and prove the result");
  cmd->add_option("label", o->label, "Backup: a label, the beginning of one, or \"latest\"")
      ->required()
      ->type_name("LABEL");
  cmd->add_option("--to", o->to,
                  "Database to make: a name on the set's server, or a libpq URI of another")
      ->required()
      ->type_name("NAME|URI");
  add_set_option(cmd, o->set);
  cmd->add_option("--identity,-i", o->keys.identities,
                  "File with the private key; may be repeated (else $PGDR_IDENTITY)")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cmd->add_option("--passphrase-file", o->keys.passphrase_file, "File with the passphrase")
      ->type_name("FILE");
  cmd->add_option("--jobs,-j", o->restore.jobs, "Streams in parallel (else the set's \"jobs\")")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  cmd->add_option("--only", o->restore.only,
                  "Only this table, [SCHEMA.]TABLE, with what it needs; may be repeated")
      ->type_name("TABLE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cmd->add_flag("--no-owner,-O", o->restore.no_owner, "Everything belongs to the restoring role");
  cmd->add_flag("--no-acl,--no-privileges,-x", o->restore.no_acl, "Without GRANT and REVOKE");
  cmd->add_flag("--schema-only", o->restore.schema_only, "Definitions without rows; not verified");
  cmd->add_flag("--clean", o->restore.clean,
                "Into an existing database, dropping the backup's objects there first; one stream");
  cmd->add_flag("--if-exists", o->restore.if_exists,
                "With --clean: no error for what is not there");
  cmd->add_option("--confirm", o->confirm, "With --clean: the existing database's name, typed out")
      ->type_name("NAME");
  cmd->add_flag("--globals", o->globals, "First create the roles and tablespaces of the backup");
  cmd->add_option("--repository", o->repository, "Take the copy in this repository")
      ->type_name("NAME");
  auto* verify =
      cmd->add_flag("--verify", o->verify, "Compare the result with the backup (default)");
  cmd->add_flag("--no-verify", o->no_verify, "Do not")->excludes(verify);
  cmd->add_flag("--accept-older", o->accept_older,
                "\"latest\" may be older than the newest backup that the catalog knows");
  cmd->add_flag("--plan", o->plan, "Only say what the target lacks for it; nothing is made");
  cmd->add_flag("--accept-missing", o->accept_missing,
                "Go on although the target lacks what the backup needs");
  cmd->add_flag("--accept-unsigned", o->accept_unsigned,
                "Use a backup whose signature is missing or wrong");
  cmd->footer(
      "\nEvery stored byte is checked before anything is done; a restore that fails removes the\n"
      "database it made. Exit code 9: the content does not match (the copy stays); 5: the\n"
      "database exists; 3: restored, but not proven; 1: statements failed, or the target lacks\n"
      "something. With --plan: 1: it would be refused; 3: it would lack something; 0: neither.");
  runner.on(cmd, [o, &globals] { return run(globals, *o); });
}

}  // namespace pgdr::command
