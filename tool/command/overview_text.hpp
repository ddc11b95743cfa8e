// What `pgdr list` and `pgdr show` print. Pure.
#pragma once

#include <string>

#include "app/catalog/overview.hpp"
#include "command/render.hpp"

namespace pgdr::command {

std::string list_text(const app::Overview& overview, Time now, bool color);
Json list_json(const app::Overview& overview);
std::string show_text(const app::Details& details, bool color);
Json show_json(const app::Details& details);

}  // namespace pgdr::command
