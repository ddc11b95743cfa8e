#include "command/version.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/result.hpp"
#include "base/version.hpp"

namespace pgdr::command {
namespace {

using Line = std::pair<int, std::string_view>;

// The numbers an operator's scripts see. What leads to which is exit_code()'s business; here only
// the words. test/unit/command_version_test.cpp holds the two together.
constexpr std::array kExitCodes = {
    Line{0, "done"},
    Line{1, "failed"},
    Line{2, "wrong usage or configuration"},
    Line{3, "done, but a copy or a part is missing"},
    Line{4, "database unreachable"},
    Line{5, "restore refused, to protect existing data"},
    Line{9, "content does not match"},
    Line{10, "repository or backup missing"},
    Line{11, "locked by another run"},
    Line{12, "no usable key"},
    Line{130, "interrupted"},
};

}  // namespace

std::string version_text() { return fmt::format("pgdr {}", kVersion); }

std::string exit_code_text() {
  std::string text = "Exit codes:\n";
  for (const auto& [code, words] : kExitCodes) text += fmt::format("  {:>3}  {}\n", code, words);
  return text;
}

}  // namespace pgdr::command
