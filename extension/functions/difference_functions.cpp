// dr_differences(target, relation, max_rows, key), dr_differences_snapshot(document, relation,
// max_rows, key).
#include "core/buckets.hpp"
#include "compare/difference_baseline.hpp"
#include "compare/difference_plan.hpp"
#include "compare/difference_show.hpp"
#include "compare/difference_text.hpp"
#include "base/digest_key.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_differences);
PG_FUNCTION_INFO_V1(dr_differences_snapshot);
}

namespace pgdr {

namespace {

constexpr int64 kMaxRowsDefault = 20;

void check_arguments(FunctionCallInfo fcinfo, const char* first) {
  for (int i = 0; i < 2; ++i)
    if (PG_ARGISNULL(i))
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                      errmsg("%s must not be null", i == 0 ? first : "relation")));
  if (!PG_ARGISNULL(2) && PG_GETARG_INT32(2) < 0)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_rows must not be negative"),
             errhint("0 only counts the rows that differ.")));
}

int64 max_rows_of(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(2) ? kMaxRowsDefault : PG_GETARG_INT32(2);
}

// A name as in a query, by the caller's search_path.
Oid relation_here(text* name) {
  RangeVar* range = makeRangeVarFromNameList(textToQualifiedNameList(name));
  const Oid oid = RangeVarGetRelid(range, NoLock, true);
  if (!OidIsValid(oid))
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_TABLE),
             errmsg("relation \"%s\" does not exist in this database", text_to_cstring(name)),
             errhint("Give the name as in a query, with its schema unless that is in "
                     "search_path.")));
  return oid;
}

const char* qualified_name(const Side& side) {
  return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(side.root)),
                                    RelationGetRelationName(side.root));
}

const char* rows_text(uint64 rows) {
  return psprintf("%s %s", number_text(rows), rows == 1 ? "row" : "rows");
}

const char* buckets_text(int count) {
  return psprintf("%d key %s", count, count == 1 ? "bucket" : "buckets");
}

void check_same_encoding(const Peer* peer) {
  const int encoding = peer_encoding(peer);
  if (encoding == GetDatabaseEncoding()) return;
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("rows of databases with different encodings cannot be compared"),
                  errdetail("This database is %s, \"%s\" is %s.", GetDatabaseEncodingName(),
                            peer->target, pg_encoding_to_char(encoding)),
                  errhint("Restore into a database with the source's encoding.")));
}

void open_target(Peer* peer, const Side& source, SideDescription* out) {
  const char* schema = get_namespace_name(RelationGetNamespace(source.root));
  const char* name = RelationGetRelationName(source.root);
  const bool found = remote_open(peer, schema, name, out);
  check_same_encoding(peer);
  if (!found)
    ereport(
        ERROR,
        (errcode(ERRCODE_UNDEFINED_TABLE),
         errmsg("relation \"%s\" does not exist in database \"%s\"",
                quote_qualified_identifier(schema, name), peer->target),
         errhint("All of its rows are missing there. dr_verify_against() lists what else is.")));
}

bool has_columns(const SideDescription& side, const NameList& names) {
  for (int i = 0; i < names.count; ++i)
    if (find_column(side, names.names[i]) == nullptr) return false;
  return true;
}

// The baseline if it can be used to tell the target's damage from later changes of the source, else
// nullptr, with a line that says so.
const Baseline* usable(const Baseline* baseline, const SideDescription& source,
                       const SideDescription& target, Results* results) {
  if (baseline == nullptr) return nullptr;
  const char* problem = baseline->problem;
  if (problem == nullptr && !same_names(baseline->key, source.primary))
    problem = "the primary key has changed since";
  if (problem == nullptr && !has_columns(target, baseline->key))
    problem = "the target lacks a column of its key";
  if (problem == nullptr) return baseline;
  results->info(
      psprintf("compared in full with the live source, which may have changed since %s, "
               "whose key buckets cannot be used: %s",
               baseline->name, problem));
  return nullptr;
}

// The target's sums as the baseline takes them, if the compared columns give others: one more scan.
const core::Digest* baseline_sums(Peer* peer, const SideDescription& target,
                                  const Baseline* baseline, const RowsPlan& plan) {
  if (baseline == nullptr) return nullptr;
  const RowsPlan full = plan_baseline(target, *baseline);
  if (same_names(full.columns, plan.columns) && same_names(full.key, plan.key)) return nullptr;
  auto* sums = static_cast<core::Digest*>(palloc(sizeof(core::Digest) << full.bits));
  remote_plan(peer, full);
  ask_buckets(peer);
  read_buckets(peer, full.bits, sums);
  return sums;
}

void report_total(const Found& found, uint64 rows, int64 max_rows, Results* results) {
  if (found.examined < found.differing)
    results->info(
        psprintf("at least %s differ: of %d key buckets that differ, %d were examined, as "
                 "many as maintenance_work_mem has room for",
                 rows_text(rows), found.differing, found.examined));
  else if (rows > static_cast<uint64>(max_rows))
    results->info(psprintf("%s differ, of which %s are named", rows_text(rows),
                           number_text(static_cast<uint64>(max_rows))));
}

void report_baseline(const Baseline& baseline, const Found& found, Results* results) {
  if (found.same > 0)
    results->info(psprintf("in %s of %d the target differs from %s as the source does",
                           buckets_text(found.same), 1 << baseline.bits, baseline.name));
}

// What the source did since. Rows that it got are what a source is for: they are no difference.
void report_since(const char* name, const Found& found, const Since& since, int64 max_rows,
                  Results* results) {
  const bool all = found.later_examined == found.later && found.examined == found.differing;
  if (since.gone + since.changed + since.added == 0 && found.later_examined == found.later) return;
  const char* least = all ? "" : "at least ";
  results->info(psprintf("since %s the source lost %s%s, changed %s%s and got %s%s", name, least,
                         rows_text(since.gone), least, rows_text(since.changed), least,
                         rows_text(since.added)));
  if (found.later_examined < found.later)
    results->info(
        psprintf("of %s in which the source changed since, %d were examined, as many as "
                 "maintenance_work_mem has room for",
                 buckets_text(found.later), found.later_examined));
  else if (since.gone + since.changed > static_cast<uint64>(max_rows))
    results->info(psprintf("of %s that the source lost or changed %s are named",
                           rows_text(since.gone + since.changed),
                           number_text(static_cast<uint64>(max_rows))));
}

// The question that was not asked.
void report_left_out(const Baseline& baseline, const Found& found, Results* results) {
  if (found.later > 0)
    results->info(
        psprintf("rows that changed in the source since %s are left out: in %s the target "
                 "is as the backup was and the source is not",
                 baseline.name, buckets_text(found.later)));
}

Question question_of(FunctionCallInfo fcinfo) {
  if (PG_NARGS() < 5 || PG_ARGISNULL(4)) return Question::kBoth;
  const char* question = text_to_cstring(PG_GETARG_TEXT_PP(4));
  if (strcmp(question, "both") == 0) return Question::kBoth;
  if (strcmp(question, "copy") == 0) return Question::kCopy;
  if (strcmp(question, "source") == 0) return Question::kSource;
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown question \"%s\"", question),
           errhint("Valid questions: copy (what is wrong in the target), source (what this "
                   "database lost or changed since the backup), both.")));
  return Question::kBoth;
}

// From here on rows are hashed as the baseline's are. Of a keyed one both sides have to be.
void use_key_of(const Baseline* baseline, DigestKey* key, Peer* peer, Results* results) {
  if (baseline == nullptr || key == nullptr) return;
  if (!baseline->keyed) {
    results->info(psprintf("the fingerprints of %s are not keyed: they show damage, but no forgery",
                           baseline->name));
    return;
  }
  use_digest_key(key);
  remote_key(peer, key->derived);
}

void compare(const char* target, Oid relation, int64 max_rows, const Datum* secret, DigestKey* key,
             Question question, Results* results) {
  Peer* peer = start_peer(target);
  Side* source = open_side(relation, false);
  SideDescription of_source;
  SideDescription of_target;
  describe(*source, &of_source);
  open_target(peer, *source, &of_target);
  const Baseline* baseline =
      usable(baseline_of_target(target, relation, secret), of_source, of_target, results);
  RowsPlan plan = plan_comparison(of_source, of_target, baseline, results);
  if (baseline != nullptr && !same_names(plan.key, baseline->key)) {
    // A key column whose type differs.
    baseline = nullptr;
    plan.key = NameList{0, nullptr};
  }
  source->plan = plan;
  use_key_of(baseline, key, peer, results);
  const core::Digest* sums = baseline_sums(peer, of_target, baseline, plan);
  remote_plan(peer, plan);
  Found found;
  find_differences(source, peer, baseline, sums, question, &found);
  const Since since = count_since(found, question);
  if (question != Question::kSource)
    show_differences(*source, peer, of_source, baseline, found, question, false, max_rows, results);
  if (question != Question::kCopy)
    show_differences(*source, peer, of_source, baseline, found, question, true, max_rows, results);
  finish_peer(peer);
  if (question != Question::kSource) {
    report_total(found, found.rows - since.gone - since.changed - since.added, max_rows, results);
    if (baseline != nullptr) report_baseline(*baseline, found, results);
  }
  if (question != Question::kCopy)
    report_since(baseline != nullptr ? baseline->name : "the target was made", found, since,
                 max_rows, results);
  else if (baseline != nullptr)
    report_left_out(*baseline, found, results);
  close_side(source);
}

// Rows of this database in buckets that differ from a document's.
struct Collected : RowSink {
  EntryList rows;
};

const char* bucket_name(int bucket, int bits) {
  return psprintf("key bucket %s of %s", number_text(static_cast<uint64>(bucket) + 1),
                  number_text(uint64{1} << bits));
}

const char* bucket_detail(uint64 expected, uint64 actual) {
  if (expected > actual) return psprintf("at least %s missing", rows_text(expected - actual));
  if (expected < actual) return psprintf("at least %s extra", rows_text(actual - expected));
  return "as many rows, but not the same";
}

bool differs(const core::Digest& a, const core::Digest& b) { return !a.same_sum(b); }

struct Bucket {
  int number;
  core::Digest expected;
  core::Digest actual;
};

// This database's rows in one bucket, or, if one alone explains it, that one. `rows` are sorted by
// key hash. Returns how many lines it took.
int64 show_bucket(const Side& side, const SideDescription& description, const EntryList& rows,
                  const Bucket& bucket, int64 max_rows, Results* results) {
  const int bits = side.plan.bits;
  Size first = 0;
  while (first < rows.count && core::bucket_of(rows.items[first].key, bits) < bucket.number)
    ++first;
  Size end = first;
  while (end < rows.count && core::bucket_of(rows.items[end].key, bits) == bucket.number) ++end;
  const core::RowEntry* entries = rows.items + first;
  Size count = end - first;
  const core::RowEntry* extra = core::only_extra(entries, count, bucket.actual, bucket.expected);
  if (extra != nullptr) {
    entries = extra;
    count = 1;
  }
  const Size room = static_cast<uint64>(max_rows) < count ? static_cast<Size>(max_rows) : count;
  auto* named = static_cast<NamedRow*>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(NamedRow) * (room + 1)));
  const int64 shown = name_rows(side, description, entries, count, static_cast<int64>(room), named);
  const char* name = bucket_name(bucket.number, bits);
  for (int64 i = 0; i < shown; ++i) {
    const uint64 copies = named[i].entry->count;
    const char* where = extra != nullptr
                            ? psprintf("%s more than in the snapshot, in %s",
                                       rows_text(bucket.actual.rows - bucket.expected.rows), name)
                        : copies == 1 ? psprintf("in %s", name)
                                      : psprintf("in %s, %s", name, rows_text(copies));
    results->put({extra != nullptr ? "extra" : "bucket", named[i].key, nullptr, nullptr,
                  named[i].text, where});
  }
  return shown;
}

EntryList collect(const Side& side, const uint8* wanted) {
  Collected collected{};
  collected.add = [](RowSink* self, const core::RowEntry& entry) {
    add_entry(&static_cast<Collected*>(self)->rows, entry);
  };
  collected.rows.limit = entry_limit();
  side_rows(side, wanted, &collected);
  finish_entries(&collected.rows);
  return collected.rows;
}

void compare_document(const Baseline& baseline, Oid relation, int64 max_rows, Results* results) {
  Side* side = open_side(relation, false);
  SideDescription description;
  describe(*side, &description);
  if (!has_columns(description, baseline.key))
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("relation \"%s\" lacks a column of the snapshot's key", qualified_name(*side)),
             errdetail("The snapshot's rows are divided by their primary key then.")));
  side->plan = plan_baseline(description, baseline);
  const int bits = baseline.bits;
  auto* sums = static_cast<core::Digest*>(palloc(sizeof(core::Digest) << bits));
  side_buckets(side, sums);
  auto* wanted = static_cast<uint8*>(palloc0(((Size{1} << bits) + 7) / 8));
  uint64 rows = 0;
  uint64 examined = 0;
  for (int i = 0; i < 1 << bits; ++i) {
    if (!differs(baseline.sums[i], sums[i])) continue;
    rows += sums[i].rows;
    if (examined > 0 && examined + sums[i].rows > entry_limit()) continue;
    examined += sums[i].rows;
    wanted[i >> 3] |= static_cast<uint8>(1U << (i & 7));
  }
  const EntryList entries = max_rows > 0 && examined > 0 ? collect(*side, wanted) : EntryList{};
  int64 left = max_rows;
  for (int i = 0; i < 1 << bits; ++i) {
    if (!differs(baseline.sums[i], sums[i])) continue;
    results->put({"bucket", bucket_name(i, bits), nullptr, rows_text(baseline.sums[i].rows),
                  rows_text(sums[i].rows), bucket_detail(baseline.sums[i].rows, sums[i].rows)});
    left -= show_bucket(*side, description, entries, {i, baseline.sums[i], sums[i]}, left, results);
  }
  if (rows > static_cast<uint64>(max_rows) && left <= 0)
    results->info(
        psprintf("%s of this database are in key buckets that differ, of which %s are "
                 "named",
                 rows_text(rows), number_text(static_cast<uint64>(max_rows))));
  close_side(side);
}

MemoryContext enter_scratch() {
  return MemoryContextSwitchTo(
      AllocSetContextCreate(CurrentMemoryContext, "pgdr differences", ALLOCSET_DEFAULT_SIZES));
}

void leave_scratch(MemoryContext outer) {
  MemoryContext scratch = MemoryContextSwitchTo(outer);
  MemoryContextDelete(scratch);
}

}  // namespace

}  // namespace pgdr

extern "C" {

PGDLLEXPORT Datum dr_differences(PG_FUNCTION_ARGS) {
  pgdr::Results results = pgdr::start_results(fcinfo);
  pgdr::check_arguments(fcinfo, "target");
  MemoryContext outer = pgdr::enter_scratch();
  const Datum secret = PG_GETARG_DATUM(3);
  pgdr::DigestKey* key = pgdr::key_argument(fcinfo, 3);
  pgdr::compare(text_to_cstring(PG_GETARG_TEXT_PP(0)), pgdr::relation_here(PG_GETARG_TEXT_PP(1)),
                pgdr::max_rows_of(fcinfo), key != nullptr ? &secret : nullptr, key,
                pgdr::question_of(fcinfo), &results);
  pgdr::free_digest_key(key);
  pgdr::leave_scratch(outer);
  return Datum{0};
}

PGDLLEXPORT Datum dr_differences_snapshot(PG_FUNCTION_ARGS) {
  pgdr::Results results = pgdr::start_results(fcinfo);
  pgdr::check_arguments(fcinfo, "document");
  MemoryContext outer = pgdr::enter_scratch();
  const Oid relation = pgdr::relation_here(PG_GETARG_TEXT_PP(1));
  const Datum secret = PG_GETARG_DATUM(3);
  pgdr::DigestKey* key = pgdr::key_argument(fcinfo, 3);
  const pgdr::Baseline* baseline =
      pgdr::baseline_of_document(PG_GETARG_DATUM(0), relation, key != nullptr ? &secret : nullptr);
  if (baseline == nullptr || baseline->problem != nullptr)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the snapshot has no key buckets of relation \"%s\"",
                           text_to_cstring(PG_GETARG_TEXT_PP(1))),
                    baseline == nullptr ? 0 : errdetail("Reason: %s.", baseline->problem)));
  pgdr::use_digest_key(key);
  pgdr::compare_document(*baseline, relation, pgdr::max_rows_of(fcinfo), &results);
  pgdr::free_digest_key(key);
  pgdr::leave_scratch(outer);
  return Datum{0};
}

}  // extern "C"
