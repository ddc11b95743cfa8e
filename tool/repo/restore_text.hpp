// RESTORE.txt: how to restore this very backup with standard programs alone.
#pragma once

#include <string>

#include "repo/manifest.hpp"

namespace pgdr::app {

// Lines indented by four spaces are commands for a POSIX shell in the backup's folder; everything
// else is explanation. A pure function of the manifest.
std::string restore_text(const Manifest& manifest);

// Quoted for a POSIX shell.
std::string shell_quote(const std::string& text);

}  // namespace pgdr::app
