// The version that documents and messages name; the same as default_version in pgdr.control.
#pragma once

namespace pgdr {
inline constexpr char kVersion[] = "0.2.0";
}
