#include "app/doctor/doctor_server.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "db/catalog.hpp"

namespace pgdr::app {
namespace {

constexpr int kSampleSize = 5;

// Relations that pg_dump reads: not temporary, not the system's; members of extensions only where
// they are registered as configuration.
constexpr const char* kDumped =
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' "
    "AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d "
    "                 WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid "
    "                 AND d.deptype = 'e') "
    "     OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig))) ";

constexpr const char* kUnreadableSample =
    "AND c.relkind IN ('r', 'p', 'm', 'S') "
    "AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE') "
    "         AND CASE c.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT') "
    "             ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END)";

constexpr const char* kRowSecurity =
    "AND c.relkind IN ('r', 'p') AND c.relrowsecurity "
    "AND pg_catalog.row_security_active(c.oid)";

// As the server judges SELECT on a large object: owner (or a member of it), or a grant.
constexpr const char* kLargeObjects =
    "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata m "
    "WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) "
    "AND pg_catalog.current_setting('lo_compat_privileges') = 'off' "
    "AND NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE') "
    "AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(m.lomacl) a "
    "                WHERE a.privilege_type = 'SELECT' "
    "                AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))";

// Everything that occupies a slot of max_worker_processes: what is no auxiliary process of the
// server itself.
constexpr const char* kWorkers =
    "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type NOT IN "
    "('client backend', 'autovacuum launcher', 'autovacuum worker', 'background writer', "
    "'checkpointer', 'walwriter', 'walsender', 'walreceiver', 'walsummarizer', 'startup', "
    "'archiver', 'logger', 'standalone backend', 'slotsync worker', 'io worker')";

// An option of a column that newer minor releases keep for themselves.
constexpr const char* kMarksColumns =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute a, pg_catalog.unnest(a.attoptions) o "
    "WHERE o LIKE 'pg_attver=%')";

Result<Sample> sample(db::Connection& db, const char* condition) {
  PGDR_TRY(const db::Rows rows,
           db.query(fmt::format("SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), "
                                "count(*) OVER () {}{} ORDER BY 1 LIMIT {}",
                                kDumped, condition, kSampleSize)));
  Sample found;
  for (const db::Row& row : rows) {
    found.names.push_back(row[0].value_or(""));
    found.count = std::strtoull(row[1].value_or("0").c_str(), nullptr, 10);
  }
  return found;
}

Result<std::int64_t> number(db::Connection& db, const std::string& sql) {
  PGDR_TRY(const db::Value value, db.scalar(sql));
  return static_cast<std::int64_t>(std::strtoll(value.value_or("0").c_str(), nullptr, 10));
}

// What only a usable extension can tell.
void add_extension_facts(db::Connection& db, ServerFacts& facts) {
  if (!facts.extension.installed) return;
  const auto may = db.scalar(
      "SELECT coalesce(bool_and(pg_catalog.has_function_privilege(p.oid, 'EXECUTE') "
      "AND pg_catalog.has_schema_privilege(p.pronamespace, 'USAGE')), false) "
      "FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
      "WHERE n.nspname = 'dr' AND p.proname IN ('backup_start', 'backup_finish', 'copy_record', "
      "'snapshot_counts')");
  if (may) facts.may_record = *may == "t";
  // Without the right to read the objectives there is simply none to compare with.
  const auto rpo = db.query(
      "SELECT extract(epoch FROM target::interval)::bigint FROM dr.status() "
      "WHERE objective = 'rpo' AND target IS NOT NULL");
  if (rpo && rpo->size() == 1 && (*rpo)[0][0]) {
    facts.rpo_seconds = std::strtoll((*rpo)[0][0]->c_str(), nullptr, 10);
  }
}

}  // namespace

Result<ServerFacts> gather_server_facts(db::Connection& db, const Clock& clock) {
  ServerFacts facts;
  facts.version_num = db.server_version();
  facts.database = db.database();
  PGDR_TRY(const db::Rows rows,
           db.query("SELECT pg_catalog.current_setting('server_version'), current_user, "
                    "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user), "
                    "pg_catalog.pg_is_in_recovery(), pg_catalog.clock_timestamp(), "
                    "pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')"));
  facts.host_now = clock.now();
  const db::Row& row = rows.at(0);
  facts.version = row[0].value_or("");
  facts.role = row[1].value_or("");
  facts.superuser = row[2] == "t";
  facts.in_recovery = row[3] == "t";
  PGDR_TRY(facts.now, parse_iso(row[4].value_or("")));
  facts.reads_passwords = row[5] == "t";
  PGDR_TRY(facts.extension, db::extension_state(db));
  PGDR_TRY(const db::Value marks, db.scalar(kMarksColumns));
  facts.marks_columns = marks == "t";
  PGDR_TRY(facts.unreadable, sample(db, kUnreadableSample));
  PGDR_TRY(facts.row_security, sample(db, kRowSecurity));
  PGDR_TRY(const std::int64_t large_objects, number(db, kLargeObjects));
  facts.unreadable_large_objects = static_cast<std::uint64_t>(large_objects);
  PGDR_TRY(const std::int64_t bytes,
           number(db, "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"));
  facts.database_bytes = static_cast<std::uint64_t>(bytes);
  PGDR_TRY(const std::int64_t slots,
           number(db, "SELECT pg_catalog.current_setting('max_worker_processes')"));
  facts.worker_slots = static_cast<int>(slots);
  PGDR_TRY(const std::int64_t in_use, number(db, kWorkers));
  facts.workers_in_use = static_cast<int>(in_use);
  PGDR_TRY(const db::Rows cron,
           // Its settings are not everybody's to see; to ask for one by name would be an error.
           db.query("SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions "
                    "WHERE name = 'pg_cron'), e.here OR s.setting IS NOT NULL, "
                    "CASE WHEN e.here THEN pg_catalog.current_database() ELSE s.setting END, "
                    "pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE') "
                    "FROM (SELECT EXISTS (SELECT FROM pg_catalog.pg_extension "
                    "WHERE extname = 'pg_cron')) AS e (here) "
                    "LEFT JOIN pg_catalog.pg_settings AS s ON s.name = 'cron.database_name'"));
  facts.cron_available = cron.at(0)[0] == "t";
  facts.cron_installed = cron.at(0)[1] == "t";
  facts.cron_database = cron.at(0)[2].value_or("");
  facts.cron_visible = facts.cron_installed || cron.at(0)[3] == "t";
  add_extension_facts(db, facts);
  return facts;
}

}  // namespace pgdr::app
