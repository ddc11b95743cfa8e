#include "collect_relations.hpp"

#include "catalog_query.hpp"
#include "collect_json.hpp"
#include "core/buckets.hpp"
#include "digest_key.hpp"
#include "engine.hpp"
#include "patience.hpp"

namespace pgdr {

namespace {

// How long a worker waits for all locked relations together.
constexpr int kLockWaitTotalMs = 30000;

enum class State { kExact, kSkipped, kFailed };

struct Entry {
  Oid oid;
  Oid parent;  // of a partition, else InvalidOid
  const char* schema;
  const char* name;
  const char* key;        // JSON array of the primary key's columns, or nullptr
  const char* condition;  // of an extension's configuration table, or nullptr
  char kind;
  char persistence;
  bool populated;
  State state;
  const char* note;
  int64 rows;
  core::Digest digest;
  bool has_generated;
  core::Digest generated;
  int64 size;
  int bucket_bits;
  const char* buckets;  // base64
};

struct Entries {
  Entry* items;
  int count;
};

// Relations that a dump carries, by name; extension members only if the extension registered their
// rows for dumping.
constexpr char kRelationsQuery[] =
    "SELECT c.oid, i.inhparent, n.nspname, c.relname, c.relkind, c.relpersistence, "
    "c.relispopulated,"
    " k.key, e.condition"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN (SELECT u.oid, u.condition FROM pg_extension x,"
    "   unnest(x.extconfig, x.extcondition) AS u(oid, condition)"
    "   WHERE x.extname <> 'pgdr') e ON e.oid = c.oid"
    " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition"
    " LEFT JOIN (SELECT x.indrelid, json_agg(a.attname ORDER BY u.n)::text AS key"
    "   FROM pg_index x, unnest(x.indkey) WITH ORDINALITY AS u(attnum, n), pg_attribute a"
    "   WHERE x.indisprimary AND u.n <= x.indnkeyatts"
    "     AND a.attrelid = x.indrelid AND a.attnum = u.attnum GROUP BY x.indrelid) k"
    "   ON k.indrelid = c.oid"
    " WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't'"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
    " AND n.nspname !~ '^pg_(toast_)?temp_'"
    " AND (e.oid IS NOT NULL OR NOT EXISTS (SELECT FROM pg_depend d"
    "   WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))"
    " ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

char* copy_or_null(MemoryContext context, const char* text) {
  return text == nullptr ? nullptr : MemoryContextStrdup(context, text);
}

Entries read_entries() {
  MemoryContext keep = CurrentMemoryContext;
  Entries entries{nullptr, 0};
  int capacity = 0;
  each_row(kRelationsQuery, [&](const Row& row) {
    if (entries.count == capacity) {
      capacity = capacity == 0 ? 256 : capacity * 2;
      Size bytes = sizeof(Entry) * static_cast<Size>(capacity);
      entries.items =
          static_cast<Entry*>(entries.items == nullptr ? MemoryContextAllocHuge(keep, bytes)
                                                       : repalloc_huge(entries.items, bytes));
    }
    Entry& e = entries.items[entries.count++];
    e = Entry{};
    e.oid = row.oid(1);
    e.parent = row.oid(2);
    e.schema = MemoryContextStrdup(keep, row.text(3));
    e.name = MemoryContextStrdup(keep, row.text(4));
    e.kind = row.chr(5);
    e.persistence = row.chr(6);
    e.populated = row.boolean(7);
    e.key = copy_or_null(keep, row.text(8));
    const char* condition = row.text(9);
    e.condition =
        condition != nullptr && *condition != '\0' ? MemoryContextStrdup(keep, condition) : nullptr;
    e.state = State::kExact;
  });
  return entries;
}

void set_state(Entry* e, State state, const char* note) {
  e->state = state;
  e->note = note;
}

// Locks one relation. In a transaction with one snapshot the lock stays until its end: what was
// counted stays what a dump under the same snapshot will read (TRUNCATE and rewrites do not respect
// snapshots).
void lock_entry(Entry* e, const CollectOptions& options, int* budget_ms) {
  if (!options.worker)
    LockRelationOid(e->oid, AccessShareLock);
  else if (!lock_patiently(e->oid, budget_ms))
    set_state(e, State::kFailed, "could not obtain a lock on the relation");
}

void read_content(Entry* e, Relation rel, const CollectOptions& options, MemoryContext keep) {
  Snapshot snapshot = GetActiveSnapshot();
  if (!options.content && e->condition == nullptr) {
    e->rows = count_rows(rel, snapshot);
    return;
  }
  RelationContent content{};
  ContentOptions wanted{options.content, e->condition};
  fingerprint_rows(rel, snapshot, wanted, &content);
  e->rows = content.rows;
  if (!options.content) return;
  e->digest = content.digest;
  e->has_generated = content.has_generated;
  e->generated = content.generated;
  e->bucket_bits = content.bucket_bits;
  if (content.buckets == nullptr || content.bucket_bits <= 0) return;
  auto* raw = static_cast<uint8_t*>(palloc(core::kBucketBytesMax));
  size_t length = core::serialize_buckets(content.buckets, content.bucket_bits, raw);
  auto* text = static_cast<char*>(MemoryContextAlloc(keep, core::kBucketTextMax + 1));
  text[core::encode_base64(raw, length, text)] = '\0';
  e->buckets = text;
}

void read_entry(Entry* e, const CollectOptions& options, MemoryContext keep) {
  Relation rel = try_relation_open(e->oid, NoLock);
  if (rel == nullptr) {
    set_state(e, State::kSkipped, "dropped meanwhile");
    return;
  }
  if (e->kind == RELKIND_FOREIGN_TABLE) {
    set_state(e, State::kSkipped, "foreign table");
  } else {
    check_readable(rel);
    if (e->kind == RELKIND_MATVIEW && !e->populated)
      set_state(e, State::kSkipped, "materialized view is not populated");
    else if (e->persistence == RELPERSISTENCE_UNLOGGED && RecoveryInProgress())
      set_state(e, State::kSkipped, "unlogged: not readable during recovery");
    else if (e->kind != RELKIND_PARTITIONED_TABLE)
      read_content(e, rel, options, keep);
    if (e->state == State::kExact)
      e->size = DatumGetInt64(DirectFunctionCall1(pg_table_size, ObjectIdGetDatum(e->oid)));
  }
  relation_close(rel, NoLock);
}

// An index of the entries by OID.
struct ByOid {
  Oid oid;
  Entry* entry;
};

struct Index {
  ByOid* items;
  int count;
};

int compare_by_oid(const void* a, const void* b) {
  const Oid x = static_cast<const ByOid*>(a)->oid;
  const Oid y = static_cast<const ByOid*>(b)->oid;
  return x < y ? -1 : x > y ? 1 : 0;
}

Entry* find(const Index& index, Oid oid) {
  const ByOid wanted{oid, nullptr};
  const void* found = bsearch(&wanted, index.items, static_cast<size_t>(index.count), sizeof wanted,
                              compare_by_oid);
  return found == nullptr ? nullptr : static_cast<const ByOid*>(found)->entry;
}

// A partitioned table is the sum of its leaves; a leaf that is unknown makes every ancestor
// unknown.
void add_to_ancestors(Entry* leaf, const Index& index) {
  for (Entry* e = find(index, leaf->parent); e != nullptr; e = find(index, e->parent)) {
    if (leaf->state == State::kExact) {
      e->rows += leaf->rows;
      e->digest.add(leaf->digest);
      e->has_generated |= leaf->has_generated;
      e->generated.add(leaf->generated);
      e->size += leaf->size;
    } else if (e->state != State::kFailed) {
      set_state(e, leaf->state,
                leaf->kind == RELKIND_FOREIGN_TABLE ? "a partition is a foreign table"
                                                    : "a partition could not be read");
    }
  }
}

void sum_partitions(const Entries& entries) {
  if (entries.count == 0) return;
  const Size bytes = sizeof(ByOid) * static_cast<Size>(entries.count);
  Index index{static_cast<ByOid*>(MemoryContextAllocHuge(CurrentMemoryContext, bytes)),
              entries.count};
  for (int i = 0; i < entries.count; i++)
    index.items[i] = ByOid{entries.items[i].oid, &entries.items[i]};
  qsort(index.items, static_cast<size_t>(index.count), sizeof(ByOid), compare_by_oid);
  for (int i = 0; i < entries.count; i++) {
    Entry* e = &entries.items[i];
    if (OidIsValid(e->parent) && e->kind != RELKIND_PARTITIONED_TABLE) add_to_ancestors(e, index);
  }
}

void write_digest(StringInfo out, const char* key, const core::Digest& digest) {
  core::Digest named = digest;  // one of no rows may not know its algorithm
  named.algorithm = digest_algorithm_in_use();
  char text[core::kDigestTextMax];
  (void)core::format_digest(named, text);
  json_text(out, key, text);
}

void write_entry(StringInfo out, const Entry& e, const CollectOptions& options) {
  const bool exact = e.state == State::kExact;
  json_next(out);
  appendStringInfoChar(out, '{');
  json_text(out, "schema", e.schema);
  json_text(out, "name", e.name);
  const char kind[2] = {e.kind, '\0'};
  const char persistence[2] = {e.persistence, '\0'};
  json_text(out, "kind", kind);
  json_text(out, "persistence", persistence);
  if (exact) {
    json_number(out, "rows", e.rows);
    json_number(out, "size", e.size);
  } else {
    json_raw(out, "rows", nullptr);
    json_raw(out, "size", nullptr);
  }
  if (exact && options.content)
    write_digest(out, "digest", e.digest);
  else
    json_raw(out, "digest", nullptr);
  if (exact && options.content && e.has_generated)
    write_digest(out, "generated", e.generated);
  else
    json_raw(out, "generated", nullptr);
  json_raw(out, "key", e.key);
  json_number(out, "bucket_bits", e.bucket_bits);
  json_text(out, "buckets", e.buckets);
  json_text(out, "state", exact ? "exact" : e.state == State::kSkipped ? "skipped" : "failed");
  json_text(out, "note", e.note);
  appendStringInfoChar(out, '}');
}

void report(const CollectOptions& options, const Entry& e, int n, int count) {
  if (!options.worker) return;
  char text[3 * NAMEDATALEN];
  snprintf(text, sizeof text, "pgdr: %s %s.%s (%d/%d)",
           options.content ? "fingerprinting" : "counting", e.schema, e.name, n, count);
  pgstat_report_activity(STATE_RUNNING, text);
}

}  // namespace

void collect_relations(StringInfo out, const CollectOptions& options) {
  MemoryContext keep = CurrentMemoryContext;
  Entries entries = read_entries();
  const bool keep_locks = !options.worker && IsolationUsesXactSnapshot();
  int budget_ms = kLockWaitTotalMs;
  if (keep_locks)
    for (int i = 0; i < entries.count; i++) lock_entry(&entries.items[i], options, &budget_ms);

  MemoryContext scratch =
      AllocSetContextCreate(CurrentMemoryContext, "pgdr relation", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(scratch);
  for (int i = 0; i < entries.count; i++) {
    CHECK_FOR_INTERRUPTS();
    Entry* e = &entries.items[i];
    report(options, *e, i + 1, entries.count);
    if (!keep_locks) lock_entry(e, options, &budget_ms);
    if (e->state == State::kFailed) continue;
    read_entry(e, options, keep);
    if (!keep_locks) UnlockRelationOid(e->oid, AccessShareLock);
    MemoryContextReset(scratch);
  }
  MemoryContextSwitchTo(keep);
  MemoryContextDelete(scratch);
  sum_partitions(entries);

  json_key(out, "relations");
  appendStringInfoChar(out, '[');
  for (int i = 0; i < entries.count; i++) write_entry(out, entries.items[i], options);
  appendStringInfoChar(out, ']');
}

}  // namespace pgdr
