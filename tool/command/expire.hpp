// What `pgdr expire` prints. Pure.
#pragma once

#include <string>

#include "app/retention/expire.hpp"
#include "command/render.hpp"

namespace pgdr::command {

std::string expire_text(const app::ExpireResult& result, bool dry_run, bool every_backup,
                        bool color);
Json expire_json(const app::ExpireResult& result, bool dry_run);

}  // namespace pgdr::command
