#include "base/warn.hpp"

#include <string>

namespace pgdr {

void log_warning(const Error& error) {
  const std::string hint = error.hint.empty() ? "" : "\nhint: " + error.hint;
  log_warning(to_string(error) + hint);
}

}  // namespace pgdr
