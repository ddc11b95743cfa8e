// `pgdr status`, as text and as JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "app/status.hpp"
#include "command/render.hpp"

namespace pgdr::command {

// Objectives of one set; without a heading.
std::string status_text(const app::SetStatus& status, bool color);
Json status_json(const app::SetStatus& status);

}  // namespace pgdr::command
