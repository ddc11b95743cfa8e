// The tool's own version; CMakeLists.txt holds it (project VERSION).
#pragma once

#include <string_view>

namespace pgdr {

inline constexpr std::string_view kVersion = PGDR_VERSION;

}  // namespace pgdr
