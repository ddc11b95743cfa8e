// What `pgdr backup` prints. Pure.
#pragma once

#include <string>

#include "app/backup/backup.hpp"
#include "command/render.hpp"

namespace pgdr::command {

std::string backup_text(const app::BackupResult& result, bool color);
Json backup_json(const app::BackupResult& result);

}  // namespace pgdr::command
