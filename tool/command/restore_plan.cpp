// What `pgdr restore --plan` prints.
#include <fmt/format.h>

#include "base/format.hpp"
#include "command/restore_text.hpp"

namespace pgdr::command {
namespace {

const char* level_word(app::LackLevel level) {
  switch (level) {
    case app::LackLevel::kBlocks:
      return "blocks";
    case app::LackLevel::kWarns:
      return "warning";
    case app::LackLevel::kNote:
      return "note";
  }
  return "";
}

const char* outcome(const app::RestoreResult& r) {
  if (r.blocked) return "refused";
  return plan_exit(r) == 0 ? "ready" : "incomplete";
}

}  // namespace

Json lacks_json(const std::vector<app::Lack>& lacks) {
  Json all = Json::array();
  for (const auto& lack : lacks) {
    all.push_back({{"level", level_word(lack.level)},
                   {"what", lack.what},
                   {"message", lack.message},
                   {"remedy", lack.remedy.empty() ? Json(nullptr) : Json(lack.remedy)}});
  }
  return all;
}

std::string plan_text(const app::RestoreResult& r, bool color) {
  Fields fields;
  fields.add("would restore", Cell(r.database, Tone::kBold));
  fields.add("from backup", fmt::format("{} in repository {}", r.label, r.repository));
  fields.add("outcome", r.blocked           ? Cell("refused before anything is made", Tone::kBad)
                        : plan_exit(r) == 0 ? Cell("the target has all it needs", Tone::kGood)
                                            : Cell("restored, but not all of it", Tone::kWarn));
  std::string text = fields.text(color);
  for (const auto& lack : r.lacks) {
    text += fmt::format("\n{} ({}): {}\n", level_word(lack.level), lack.what, lack.message);
    if (!lack.remedy.empty()) text += "  " + lack.remedy + "\n";
  }
  return text;
}

Json plan_json(const app::RestoreResult& r) {
  return {{"label", r.label},   {"repository", r.repository}, {"database", r.database},
          {"target", r.target}, {"outcome", outcome(r)},      {"lacks", lacks_json(r.lacks)}};
}

int plan_exit(const app::RestoreResult& r) {
  if (r.blocked) return exit_code(Code::kFailed);
  for (const auto& lack : r.lacks) {
    if (lack.level != app::LackLevel::kNote) return exit_code(Code::kPartial);
  }
  return 0;
}

}  // namespace pgdr::command
