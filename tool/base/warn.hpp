// A failure that is not the end of the run.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"

namespace pgdr {

// "pgdr: warning: …" and, if any, "hint: …" on the next line; also when quiet.
void log_warning(const Error& error);

}  // namespace pgdr
