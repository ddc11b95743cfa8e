// What `pgdr differences` prints; pure.
#pragma once

#include <string>

#include "app/differences.hpp"
#include "command/render.hpp"

namespace pgdr::command {

std::string differences_text(const app::Differences& differences, bool color);
Json differences_json(const app::Differences& differences, const app::DifferencesRequest& request);

}  // namespace pgdr::command
