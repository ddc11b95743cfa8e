// `pgdr doctor`, as text and as JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "app/doctor/doctor.hpp"
#include "command/render.hpp"

namespace pgdr::command {

// One line per check: "[ok]   connection     database shop as role backup"; a remedy goes below.
std::string doctor_text(const std::vector<app::Check>& checks, bool color);
Json doctor_json(const std::string& set, const std::vector<app::Check>& checks);

}  // namespace pgdr::command
