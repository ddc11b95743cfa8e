#include "app/failure.hpp"

#include <functional>
#include <memory>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/interrupt.hpp"
#include "base/log.hpp"
#include "base/warn.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {
namespace {

using Work = std::function<Status(db::Connection&, db::Catalog&)>;

void in_catalog(const SetConfig& set, const Error& error, const Work& work) {
  // There is no telling a database that is the failure itself.
  if (error.code == Code::kDatabaseUnreachable) return;
  if (error.code == Code::kInterrupted) clear_interrupt();
  const auto attempt = [&]() -> Status {
    PGDR_TRY(const auto db, db::Connection::open(set.database));
    PGDR_TRY(auto catalog, db::Catalog::open(*db));
    return work(*db, catalog);
  };
  const Status done = attempt();
  if (!done) log_warning("the failure is not in the catalog: " + to_string(done.error()));
}

Status event(db::Catalog& catalog, const SetConfig& set, const std::string& severity,
             const std::string& kind, const std::string& message) {
  PGDR_CHECK(catalog.event_record(
      {.severity = severity, .kind = kind, .message = message, .set = set.name}));
  return success();
}

}  // namespace

void record_failure(const SetConfig& set, const std::string& command, const Error& error) {
  in_catalog(set, error, [&](db::Connection& db, db::Catalog& catalog) -> Status {
    const std::string kind = command + "_failed";
    const std::string message = to_string(error);
    PGDR_TRY(const db::Value told,
             db.scalar("SELECT EXISTS (SELECT FROM dr.events AS e WHERE e.kind = $1 "
                       "AND e.at > pg_catalog.clock_timestamp() - interval '1 minute' "
                       "AND pg_catalog.strpos(e.message, $2) > 0)",
                       {kind, db::Catalog::recordable(message)}));
    if (told == "t") return success();
    return event(catalog, set, "error", kind, fmt::format("pgdr {} failed: {}", command, message));
  });
}

void record_failed_backup(const SetConfig& set, const std::string& label, const Error& error) {
  in_catalog(set, error, [&](db::Connection& db, db::Catalog& catalog) -> Status {
    const std::string message = to_string(error);
    if (error.code == Code::kLocked) {
      return event(catalog, set, "warning", "backup_locked",
                   fmt::format("backup {} was not begun: {}", label, message));
    }
    // A row of ours would end the record of a run that is at work.
    PGDR_TRY(const db::Value busy, db.scalar("SELECT EXISTS (SELECT FROM dr.backups AS b "
                                             "WHERE b.set_name = $1 AND b.state = 'running')",
                                             {set.name}));
    if (busy == "t") {
      return event(catalog, set, "error", "backup_failed",
                   fmt::format("backup {} failed: {}", label, message));
    }
    PGDR_CHECK(catalog.backup_start(
        {.label = label, .set = set.name, .started_at = system_clock().now()}));
    return catalog.backup_fail(label, message);
  });
}

}  // namespace pgdr::app
