// The facts that a server tells. Internal to doctor.
#pragma once

#include "app/doctor/doctor_facts.hpp"
#include "db/connection.hpp"

namespace pgdr::app {

Result<ServerFacts> gather_server_facts(db::Connection& db, const Clock& clock);

}  // namespace pgdr::app
