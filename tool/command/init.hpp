// `pgdr init`, as text and as JSON. Pure.
#pragma once

#include <string>

#include "app/init/init.hpp"
#include "command/render.hpp"

namespace pgdr::command {

std::string init_text(const app::InitReport& report, bool color);
Json init_json(const app::InitReport& report);

}  // namespace pgdr::command
