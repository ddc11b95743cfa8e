#include "app/snapshot.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "db/catalog.hpp"

namespace pgdr::app {
namespace {

std::uint64_t to_number(const db::Value& value) {
  return value ? std::strtoull(value->c_str(), nullptr, 10) : 0;
}

}  // namespace

Result<SnapshotSummary> take_snapshot(const SetConfig& set, SnapshotRequest request) {
  PGDR_TRY(const auto db, db::Connection::open(set.database));
  PGDR_TRY(db::Catalog catalog, db::Catalog::open(*db));
  if (request.key) catalog.use_key(std::move(*request.key));
  SnapshotSummary summary;
  summary.database = db->database();
  summary.content = request.content;
  summary.label = request.label;
  PGDR_TRY(summary.id, catalog.snapshot_counts(request.label, request.content));
  // Leaves of partitioned tables hold the rows; their roots repeat them.
  PGDR_TRY(
      const db::Rows rows,
      db->query(
          fmt::format("SELECT d ->> 'taken_at', count(r), "
                      "coalesce(sum((r ->> 'rows')::numeric) FILTER (WHERE r ->> 'kind' <> 'p'), "
                      "0), count(r) FILTER (WHERE r ->> 'state' <> 'exact') "
                      "FROM (SELECT {}($1::bigint) AS d) AS snapshot "
                      "LEFT JOIN LATERAL pg_catalog.jsonb_array_elements(d -> 'relations') AS r "
                      "ON true GROUP BY d",
                      catalog.name("snapshot_document")),
          {std::to_string(summary.id)}));
  if (rows.size() != 1) {
    return Error::of(Code::kFailed, fmt::format("snapshot {} is not in the catalog", summary.id));
  }
  PGDR_TRY(summary.taken_at, parse_iso(rows[0][0].value_or("")));
  summary.relations = to_number(rows[0][1]);
  summary.rows = to_number(rows[0][2]);
  summary.uncounted = to_number(rows[0][3]);
  return summary;
}

}  // namespace pgdr::app
