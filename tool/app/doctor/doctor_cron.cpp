#include "app/doctor/doctor_cron.hpp"

namespace pgdr::app {
namespace {

Status ask(db::Connection& cron, const std::string& database, CronFacts& facts) {
  PGDR_TRY(const db::Rows rows,
           cron.query("SELECT d.status, d.return_message, "
                      "pg_catalog.date_trunc('second', d.start_time)::text, "
                      "(SELECT setting FROM pg_catalog.pg_settings "
                      "WHERE name = 'cron.use_background_workers') "
                      "FROM cron.job AS j LEFT JOIN LATERAL ("
                      "SELECT * FROM cron.job_run_details AS r WHERE r.jobid = j.jobid "
                      "AND r.status IN ('succeeded', 'failed') ORDER BY r.runid DESC LIMIT 1"
                      ") AS d ON true "
                      "WHERE j.active AND j.database = $1 "
                      "AND (pg_catalog.strpos(j.command, 'dr_snapshot_counts') > 0 "
                      "OR pg_catalog.strpos(j.command, 'dr.snapshot_counts') > 0) "
                      "ORDER BY d.status = 'failed' DESC NULLS LAST LIMIT 1",
                      {database}));
  if (rows.empty()) return success();
  facts.job = true;
  facts.status = rows[0][0].value_or("");
  facts.message = rows[0][1].value_or("");
  facts.at = rows[0][2].value_or("");
  facts.background_workers = rows[0][3] == "on";
  return success();
}

}  // namespace

CronFacts ask_cron(db::Connection& db, const std::string& conninfo,
                   const std::string& cron_database) {
  CronFacts facts;
  const auto look = [&]() -> Status {
    if (cron_database.empty() || cron_database == db.database()) {
      return ask(db, db.database(), facts);
    }
    PGDR_TRY(const auto there, db::Connection::open(conninfo, cron_database));
    return ask(*there, db.database(), facts);
  };
  const Status looked = look();
  if (!looked) facts.error = looked.error();
  return facts;
}

}  // namespace pgdr::app
