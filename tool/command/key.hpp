// The parts of `pgdr key` that have files of their own.
#pragma once

#include "command/commands.hpp"

namespace pgdr::command {

void add_key_rotate(CLI::App& key, const Globals& globals, Runner& run);
void add_key_rewrap(CLI::App& key, const Globals& globals, Runner& run);

}  // namespace pgdr::command
