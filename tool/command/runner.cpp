#include "command/commands.hpp"

#include <utility>

namespace pgdr::command {

void Runner::on(CLI::App* command, Action action) {
  command->callback([this, action = std::move(action)] { chosen_ = action; });
}

Result<int> Runner::run() const {
  if (!chosen_) {
    return Error::of(Code::kUsage, "no command given", "run \"pgdr --help\" for the commands");
  }
  return chosen_();
}

}  // namespace pgdr::command
