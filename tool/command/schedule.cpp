#include <memory>

#include <fmt/format.h>

#include "app/schedule.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/options.hpp"
#include "command/render.hpp"

namespace pgdr::command {
namespace {

struct ScheduleOptions {
  bool personal = false;
  std::string folder;
};

Result<Config> load(const Globals& globals) {
  PGDR_TRY(Config config, load_config(globals.config));
  if (config.sets.empty()) {
    return Error::of(Code::kUsage, fmt::format("{} defines no backup set", config.path),
                     "add one with \"pgdr init --database …\"");
  }
  return config;
}

Result<int> run_cron(const Globals& globals, const ScheduleOptions& o) {
  PGDR_TRY(const Config config, load(globals));
  const std::string text = app::cron_text(config, o.personal);
  if (globals.json) {
    print_json({{"cron", text}});
  } else {
    print(text);
  }
  return 0;
}

Result<int> run_systemd(const Globals& globals, const ScheduleOptions& o) {
  PGDR_TRY(const Config config, load(globals));
  const auto units = app::systemd_units(config);
  const auto timers = app::systemd_timers(config);
  constexpr unsigned kReadable = 0644;
  for (const auto& unit : units) {
    if (!o.folder.empty()) {
      PGDR_CHECK(write_file(o.folder + "/" + unit.name, unit.text, kReadable));
    } else if (!globals.json) {
      print(fmt::format("# /etc/systemd/system/{}\n{}\n", unit.name, unit.text));
    }
  }
  if (globals.json) {
    Json files = Json::array();
    for (const auto& unit : units) files.push_back({{"name", unit.name}, {"text", unit.text}});
    print_json({{"units", std::move(files)}, {"timers", timers}});
    return 0;
  }
  print(fmt::format("# systemctl daemon-reload\n# systemctl enable --now {}\n",
                    fmt::join(timers, " ")));
  return 0;
}

}  // namespace

void add_schedule(CLI::App& app, const Globals& globals, Runner& run) {
  auto o = std::make_shared<ScheduleOptions>();
  CLI::App* schedule = app.add_subcommand("schedule", "When what runs");
  schedule->require_subcommand(1);
  CLI::App* cmd = schedule->add_subcommand(
      "print", "Lines for cron, or units for systemd, from [schedule] of the configuration");
  cmd->require_subcommand(1);
  CLI::App* cron = cmd->add_subcommand("cron", "A file for /etc/cron.d");
  cron->add_flag("--crontab", o->personal, "For a user's own crontab: no column of the user");
  run.on(cron, [o, &globals] { return run_cron(globals, *o); });
  CLI::App* systemd = cmd->add_subcommand("systemd", "Services and timers, hardened");
  systemd->add_option("--output,-o", o->folder, "Write the units into this folder, which exists")
      ->type_name("FOLDER");
  systemd->footer("\nInstalls nothing: look at the units, then copy them to /etc/systemd/system.");
  run.on(systemd, [o, &globals] { return run_systemd(globals, *o); });
}

}  // namespace pgdr::command
