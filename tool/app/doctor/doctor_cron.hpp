// What pg_cron tells. Internal to doctor.
#pragma once

#include "app/doctor/doctor_facts.hpp"
#include "db/connection.hpp"

namespace pgdr::app {

// Of the job that takes snapshots of the database that `db` is connected to. pg_cron may live in
// another database of the server (cron_database).
CronFacts ask_cron(db::Connection& db, const std::string& conninfo,
                   const std::string& cron_database);

}  // namespace pgdr::app
