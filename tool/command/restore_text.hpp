// What `pgdr restore` prints, and its exit code. Pure.
#pragma once

#include <string>
#include <vector>

#include "app/restore/restore.hpp"
#include "command/render.hpp"

namespace pgdr::command {

// Problems as a table, then the verdict; no more than `most` rows.
std::string findings_text(const std::vector<db::Finding>& findings, std::size_t most, bool color);
Json findings_json(const std::vector<db::Finding>& findings);
std::string restore_text(const app::RestoreResult& result, bool color);
Json restore_json(const app::RestoreResult& result);
// What the target lacks, of `pgdr restore --plan`; its exit code: 1 refused, 3 warnings, 0.
Json lacks_json(const std::vector<app::Lack>& lacks);
std::string plan_text(const app::RestoreResult& result, bool color);
Json plan_json(const app::RestoreResult& result);
int plan_exit(const app::RestoreResult& result);
// 9 content does not match; 1 statements failed; 3 not proven; 0.
int restore_exit(const app::RestoreResult& result);

}  // namespace pgdr::command
