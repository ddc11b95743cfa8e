#include "engine/progress.hpp"

namespace pgdr {

namespace {

constexpr int kIntervalMs = 250;

TimestampTz reported;

void report(const char* text) {
  reported = GetCurrentTimestamp();
  // Workers have the leader's statement, which needs to be seen once.
  if (debug_query_string == nullptr || IsParallelWorker()) {
    pgstat_report_activity(STATE_RUNNING, text);
    return;
  }
  char* both = psprintf("%s: %s", text, debug_query_string);
  pgstat_report_activity(STATE_RUNNING, both);
  pfree(both);
}

}  // namespace

void report_reading(PassMode mode, Relation rel, uint64 done, uint64 total) {
  if (!TimestampDifferenceExceeds(reported, GetCurrentTimestamp(), kIntervalMs)) return;
  char* schema = get_namespace_name(RelationGetNamespace(rel));
  char text[3 * NAMEDATALEN];
  snprintf(text, sizeof text, "pgdr: %d%%, %s %s.%s",
           static_cast<int>(total == 0 ? 0 : done * 100 / total),
           mode == PassMode::kCount ? "counting" : "fingerprinting",
           schema != nullptr ? schema : "?", RelationGetRelationName(rel));
  if (schema != nullptr) pfree(schema);
  report(text);
}

void report_step(const char* what) {
  char text[3 * NAMEDATALEN];
  snprintf(text, sizeof text, "pgdr: %s", what);
  report(text);
}

void report_end() {
  reported = 0;
  pgstat_report_activity(STATE_RUNNING, debug_query_string);
}

}  // namespace pgdr
