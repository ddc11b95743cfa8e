#include "app/backup/lock_watch.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/warn.hpp"

namespace pgdr::app {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kLookEvery{1};
constexpr std::chrono::seconds kTellAfter{5};
// A wait that is only passing shows in one sight, not in two.
constexpr int kKnotsToAct = 2;

// $1: our session, $2: the application_name of its children. A child that has not yet finished its
// login is in no list of sessions, but its locks are known. pg_blocking_pids() names those who hold
// what is wanted and those who stand before it in the queue; 0 is a prepared transaction.
constexpr const char* kWaits = R"(
WITH RECURSIVE mine AS MATERIALIZED (
  SELECT a.pid, a.application_name <> $2::text AS ours FROM pg_catalog.pg_stat_activity a
  WHERE a.pid = $1::integer OR a.leader_pid = $1::integer
     OR (a.application_name = $2::text AND a.pid <> pg_catalog.pg_backend_pid())
  UNION ALL
  SELECT DISTINCT l.pid, false FROM pg_catalog.pg_locks l
  WHERE NOT l.granted AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.pid = l.pid)
), chain (ours, pid) AS (
  SELECT m.ours, b.pid FROM mine m, pg_catalog.unnest(pg_catalog.pg_blocking_pids(m.pid)) AS b (pid)
  UNION
  SELECT c.ours, b.pid FROM chain c, pg_catalog.unnest(pg_catalog.pg_blocking_pids(c.pid)) AS b (pid)
  WHERE c.pid <> 0
)
SELECT coalesce(pg_catalog.bool_or(NOT c.ours AND c.pid = $1::integer), false),
       coalesce(pg_catalog.bool_or(c.ours AND c.pid IN (SELECT m.pid FROM mine m WHERE NOT m.ours)),
                false),
       pg_catalog.count(*) > 0
FROM chain c)";

// Who keeps us or a child waiting, and for what. Of other roles' sessions a plain role sees no more
// than the process and the role.
constexpr const char* kBlockers = R"(
WITH mine AS MATERIALIZED (
  SELECT a.pid FROM pg_catalog.pg_stat_activity a
  WHERE a.pid = $1::integer OR a.leader_pid = $1::integer
     OR (a.application_name = $2::text AND a.pid <> pg_catalog.pg_backend_pid())
)
SELECT CASE WHEN w.relation IS NOT NULL THEN w.relation::pg_catalog.regclass::text
            ELSE w.locktype END,
       b.pid, s.usename, nullif(s.application_name, ''), s.state,
       pg_catalog.date_trunc('second', s.xact_start)::text,
       pg_catalog.date_trunc('second', s.query_start)::text,
       p.gid, p.owner, pg_catalog.date_trunc('second', p.prepared)::text
FROM mine m JOIN pg_catalog.pg_locks w ON w.pid = m.pid AND NOT w.granted
CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)
LEFT JOIN pg_catalog.pg_stat_activity s ON s.pid = b.pid
LEFT JOIN LATERAL (
  SELECT x.gid, x.owner, x.prepared FROM pg_catalog.pg_locks h
  JOIN pg_catalog.pg_locks t ON t.virtualtransaction = h.virtualtransaction AND t.pid IS NULL
    AND t.locktype = 'transactionid'
  JOIN pg_catalog.pg_prepared_xacts x ON x.transaction = t.transactionid
  WHERE h.granted AND h.pid IS NULL AND h.locktype = w.locktype
    AND h.database IS NOT DISTINCT FROM w.database AND h.relation IS NOT DISTINCT FROM w.relation
  LIMIT 1) p ON b.pid = 0
WHERE b.pid NOT IN (SELECT pid FROM mine)
ORDER BY s.xact_start LIMIT 1)";

WaitSight describe(const db::Row& row) {
  const auto text = [&](std::size_t i) { return row[i].value_or(""); };
  WaitSight sight;
  const std::string what = "a lock on " + text(0);
  if (row[7]) {
    sight.blocker = fmt::format("{}, which the prepared transaction '{}' of role {} holds since {}",
                                what, text(7), text(8), text(9));
    sight.remedy = fmt::format("end it: ROLLBACK PREPARED {}; (or COMMIT PREPARED)",
                               db::quote_literal(text(7)));
    return sight;
  }
  std::string who = fmt::format("process {}", text(1));
  if (row[2]) who += fmt::format(" of role {}", text(2));
  if (row[3]) who += fmt::format(" ({})", text(3));
  if (row[4]) who += fmt::format(", {}", text(4));
  if (row[5]) who += fmt::format(", in a transaction since {}", text(5));
  if (row[6]) who += fmt::format(", last statement at {}", text(6));
  sight.blocker = fmt::format("{}; before it is {}", what, who);
  sight.remedy =
      fmt::format("end that session, if it may be: SELECT pg_terminate_backend({});", text(1));
  return sight;
}

}  // namespace

WaitAct WaitJudge::judge(const WaitSight& sight, bool may_yield, Time now) {
  const bool waits = sight.child_behind_us || sight.us_behind_child || !sight.blocker.empty();
  if (!waits) {
    forget();
    return WaitAct::kNone;
  }
  if (!since_) since_ = now;
  // What waits for our own session never ends. What waits for a child does, but what it let through
  // before us will have changed what the child has dumped: better to begin anew at once.
  const bool knot = sight.child_behind_us || (sight.us_behind_child && may_yield);
  knots_ = knot ? knots_ + 1 : 0;
  if (knots_ >= kKnotsToAct) return WaitAct::kGiveWay;
  if (limit_.count() > 0 && now - *since_ >= limit_) return WaitAct::kGiveUp;
  if (now - *since_ < kTellAfter || sight.blocker.empty() || sight.blocker == told_) {
    return WaitAct::kNone;
  }
  told_ = sight.blocker;
  return WaitAct::kTell;
}

milliseconds WaitJudge::waited(Time now) const {
  return since_ ? std::chrono::duration_cast<milliseconds>(now - *since_) : milliseconds(0);
}

void WaitJudge::forget() {
  since_.reset();
  told_.clear();
  knots_ = 0;
}

Result<std::unique_ptr<LockWatch>> LockWatch::start(const std::string& conninfo,
                                                    db::Connection& ours, const std::string& child,
                                                    milliseconds limit, OnTrouble on_trouble) {
  PGDR_TRY(const db::Value pid, ours.scalar("SELECT pg_catalog.pg_backend_pid()"));
  PGDR_TRY(auto db, db::Connection::open(conninfo, ours.database()));
  // A look that meets a lock itself is given up, and tried again.
  PGDR_CHECK(db->exec("SELECT pg_catalog.set_config('statement_timeout', '10s', false)"));
  return std::unique_ptr<LockWatch>(
      new LockWatch(std::move(db), pid.value_or("0"), child, limit, std::move(on_trouble)));
}

LockWatch::LockWatch(std::unique_ptr<db::Connection> db, std::string pid, std::string child,
                     milliseconds limit, OnTrouble on_trouble)
    : db_(std::move(db)),
      pid_(std::move(pid)),
      child_(std::move(child)),
      on_trouble_(std::move(on_trouble)),
      judge_(limit),
      thread_([this] { run(); }) {}

LockWatch::~LockWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  db_->cancel();
  thread_.join();
}

void LockWatch::attempt(bool may_yield) {
  const std::lock_guard lock(mutex_);
  may_yield_ = may_yield;
  trouble_.reset();
  judge_.forget();
}

std::optional<Error> LockWatch::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

Result<WaitSight> LockWatch::look() {
  PGDR_TRY(const db::Rows rows, db_->query(kWaits, {pid_, child_}));
  WaitSight sight;
  const db::Row& row = rows.at(0);
  if (row[2] == "t") {
    PGDR_TRY(const db::Rows blockers, db_->query(kBlockers, {pid_, child_}));
    if (!blockers.empty()) sight = describe(blockers.front());
  }
  sight.child_behind_us = row[0] == "t";
  sight.us_behind_child = row[1] == "t";
  return sight;
}

void LockWatch::act(const WaitSight& sight) {
  std::optional<Error> error;
  {
    const std::lock_guard lock(mutex_);
    if (trouble_) return;  // told already: the attempt is ending
    const auto now = std::chrono::steady_clock::now();
    switch (judge_.judge(sight, may_yield_, now)) {
      case WaitAct::kNone:
        return;
      case WaitAct::kTell:
        log_warning(
            Error::of(Code::kFailed, fmt::format("waiting for {}", sight.blocker), sight.remedy));
        return;
      case WaitAct::kGiveWay:
        error = Error::of(
            Code::kFailed,
            fmt::format("another session's lock came between the dump and its fingerprints{}",
                        sight.blocker.empty() ? "" : " (" + sight.blocker + ")"),
            "run it again when less is truncated, altered or vacuumed in full");
        error->retryable = true;
        break;
      case WaitAct::kGiveUp:
        error = Error::of(
            Code::kFailed,
            fmt::format("waited {} for {}", format_duration(judge_.waited(now)), sight.blocker),
            sight.remedy + " (lock_wait_timeout in the set says how long to wait)");
    }
    trouble_ = error;
  }
  on_trouble_(*error);
}

void LockWatch::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kLookEvery, [this] { return stop_; })) {
    lock.unlock();
    const Result<WaitSight> sight = look();
    if (sight) {
      act(*sight);
    } else if (sight.error().code == Code::kInterrupted ||
               sight.error().code == Code::kDatabaseUnreachable) {
      return;  // the run hears of it by itself
    } else {
      log_verbose("cannot see who waits for whom: " + to_string(sight.error()));
    }
    lock.lock();
  }
}

}  // namespace pgdr::app
