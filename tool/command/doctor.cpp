#include "command/doctor.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"

namespace pgdr::command {
namespace {

struct Mark {
  std::string_view text;
  Tone tone;
};

Mark mark_of(app::Verdict verdict) {
  switch (verdict) {
    case app::Verdict::kWarn:
      return {"[warn]", Tone::kWarn};
    case app::Verdict::kFail:
      return {"[FAIL]", Tone::kBad};
    case app::Verdict::kOk:
      break;
  }
  return {"[ok]", Tone::kGood};
}

std::size_t count(const std::vector<app::Check>& checks, app::Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(checks.begin(), checks.end(),
                    [&](const app::Check& check) { return check.verdict == verdict; }));
}

}  // namespace

std::string doctor_text(const std::vector<app::Check>& checks, bool color) {
  constexpr std::size_t kMarkWidth = 6;
  std::size_t width = 0;
  for (const app::Check& check : checks) width = std::max(width, display_width(check.name));
  std::string out;
  for (const app::Check& check : checks) {
    const Mark mark = mark_of(check.verdict);
    out += paint(mark.text, mark.tone, color) + std::string(kMarkWidth - mark.text.size(), ' ');
    out += "  " + check.name + std::string(width - display_width(check.name), ' ');
    out += "  " + printable(check.finding) + "\n";
    if (!check.remedy.empty()) {
      out += std::string(kMarkWidth + 2 + width + 2, ' ') + "-> " + printable(check.remedy) + "\n";
    }
  }
  const std::size_t failed = count(checks, app::Verdict::kFail);
  const std::size_t warned = count(checks, app::Verdict::kWarn);
  out += "\n";
  if (failed > 0) {
    out += paint(fmt::format("{} failed", plural(failed, "check")), Tone::kBad, color);
    out += warned > 0 ? fmt::format(", {}\n", plural(warned, "warning")) : "\n";
  } else if (warned > 0) {
    out += fmt::format("Nothing failed, {}\n", plural(warned, "warning"));
  } else {
    out += "Everything is in order\n";
  }
  return out;
}

Json doctor_json(const std::string& set, const std::vector<app::Check>& checks) {
  Json list = Json::array();
  for (const app::Check& check : checks) {
    list.push_back({{"name", check.name},
                    {"verdict", app::verdict_name(check.verdict)},
                    {"finding", check.finding},
                    {"remedy", check.remedy.empty() ? Json() : Json(check.remedy)}});
  }
  return {
      {"set", set}, {"ok", count(checks, app::Verdict::kFail) == 0}, {"checks", std::move(list)}};
}

namespace {

Result<int> run_doctor(const Globals& globals, const std::string& name) {
  PGDR_TRY(const ChosenSets chosen, load_chosen_sets(globals, name));
  std::vector<app::Check> all;
  Json sets = Json::array();
  for (const SetConfig& set : chosen.sets) {
    PGDR_TRY(const app::DoctorFacts facts, app::gather_facts(chosen.config, set, system_clock()));
    const std::vector<app::Check> checks = app::judge(facts);
    all.insert(all.end(), checks.begin(), checks.end());
    sets.push_back(doctor_json(set.name, checks));
    if (globals.json) continue;
    if (chosen.sets.size() > 1) print(fmt::format("set {}\n", set.name));
    print(doctor_text(checks, color_on_stdout()));
    if (chosen.sets.size() > 1) print("\n");
  }
  const int status = app::doctor_exit_code(all);
  if (globals.json) print_json({{"ok", status == 0}, {"sets", std::move(sets)}});
  return status;
}

}  // namespace

void add_doctor(CLI::App& app, const Globals& globals, Runner& run) {
  auto set = std::make_shared<std::string>();
  CLI::App* cmd =
      app.add_subcommand("doctor", "Check everything that a backup and a recovery need");
  add_set_option(cmd, *set);
  cmd->footer(
      "\nExit code 0 when nothing failed (warnings may remain); 4 database unreachable,\n"
      "10 repository missing, 12 no usable key, 2 configuration, 1 anything else.");
  run.on(cmd, [set, &globals] { return run_doctor(globals, *set); });
}

}  // namespace pgdr::command
