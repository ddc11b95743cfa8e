#include "collect/collect_relations.hpp"

#include "base/collect_json.hpp"
#include "core/buckets.hpp"
#include "base/lock_wait.hpp"
#include "engine/progress.hpp"
#include "collect/relation_entries.hpp"
#include "base/settings.hpp"
#include "engine/since_snapshot.hpp"

namespace pgdr {

namespace {

// One collection at work. A relation takes this way: locked (or put off while somebody else has it
// locked exclusively), examined, read together with all others, and unlocked.
struct Collection {
  CollectOptions options;
  // In a transaction with one snapshot of a session locks stay until its end: what was counted
  // stays what a dump under the same snapshot will read. A worker reads somebody else's database.
  bool keep_locks;
  MemoryContext keep;
  Entries entries;
  ReadTask* tasks;
  uint32 task_count;
  uint32* locked_out;  // entries put off
  uint32 locked_out_count;
  uint32* conditional;  // entries of which a condition selects the rows
  uint32 conditional_count;
};

void unlock(const Collection& c, const Entry& e) {
  if (!c.keep_locks) UnlockRelationOid(e.oid, AccessShareLock);
}

bool same_key(const Entry& e, Relation rel) {
  AttrNumber key[INDEX_MAX_KEYS];
  const int count = primary_key(rel, key);
  StringInfoData numbers;
  initStringInfo(&numbers);
  for (int i = 0; i < count; ++i)
    appendStringInfo(&numbers, i == 0 ? "%d" : ",%d", static_cast<int>(key[i]));
  const bool same = strcmp(numbers.data, e.key_numbers != nullptr ? e.key_numbers : "") == 0;
  pfree(numbers.data);
  return same;
}

// Whether the relation has rows to be read; else its state says why not.
bool has_content(Entry* e, Relation rel) {
  if (e->kind == RELKIND_FOREIGN_TABLE) {
    set_state(e, State::kSkipped, "foreign table");
    return false;
  }
  check_readable(rel);
  if (e->kind == RELKIND_PARTITIONED_TABLE) return false;
  if (e->kind == RELKIND_MATVIEW && !e->populated)
    set_state(e, State::kSkipped, "materialized view is not populated");
  else if (e->persistence == RELPERSISTENCE_UNLOGGED && RecoveryInProgress())
    set_state(e, State::kSkipped, "unlogged: not readable during recovery");
  if (e->state != State::kExact) return false;
  const Since since = since_snapshot(rel, GetActiveSnapshot());
  if (since != Since::kSame)
    set_state(e, State::kFailed, since_note(since));
  else if (!same_key(*e, rel))
    set_state(e, State::kFailed, "its primary key was altered after the snapshot was taken");
  return e->state == State::kExact;
}

// A locked relation becomes a task, or its entry is complete. The lock is given back unless it has
// to stay.
void examine(Collection* c, uint32 i) {
  Entry* e = &c->entries.items[i];
  Relation rel = try_relation_open(e->oid, NoLock);
  if (rel == nullptr) {
    set_state(e, State::kSkipped, "dropped meanwhile");
    unlock(*c, *e);
    return;
  }
  bool held = c->keep_locks;
  if (has_content(e, rel)) {
    // foreign: none, because pg_table_size is the server's own.
    e->size = DatumGetInt64(DirectFunctionCall1(pg_table_size, ObjectIdGetDatum(e->oid)));
    if (e->condition != nullptr) {
      c->conditional[c->conditional_count++] = i;
      held = true;
    } else {
      ReadTask task = read_task(rel);
      held |= is_divisible(task);
      task.id = i;
      task.held = held;
      c->tasks[c->task_count++] = task;
    }
  }
  relation_close(rel, NoLock);
  if (!held) UnlockRelationOid(e->oid, AccessShareLock);
}

void keep_buckets(Entry* e, const RelationContent& content, MemoryContext keep) {
  auto* raw = static_cast<uint8_t*>(palloc(core::kBucketBytesMax));
  const size_t length = core::serialize_buckets(content.buckets, content.bucket_bits, raw);
  const size_t room = (length + 2) / 3 * 4 + 1;
  auto* text = static_cast<char*>(MemoryContextAlloc(keep, room));
  text[core::encode_base64(raw, length, text)] = '\0';
  e->buckets = text;
  pfree(raw);
}

void keep_content(Collection* c, Entry* e, const RelationContent& content) {
  e->rows = content.rows;
  if (!c->options.content) return;
  e->digest = content.digest;
  e->has_generated = content.has_generated;
  e->generated = content.generated;
  e->bucket_bits = content.bucket_bits;
  if (content.buckets != nullptr && content.bucket_bits > 0) keep_buckets(e, content, c->keep);
}

struct EntrySink : ContentSink {
  Collection* collection;
};

void add_content(ContentSink* self, const ReadTask& task, Outcome outcome,
                 RelationContent* content) {
  Collection* c = static_cast<EntrySink*>(self)->collection;
  Entry* e = &c->entries.items[task.id];
  if (outcome == Outcome::kRead)
    keep_content(c, e, *content);
  else
    set_state(e, outcome == Outcome::kDropped ? State::kSkipped : State::kFailed,
              outcome_note(outcome));
  if (content->buckets != nullptr) pfree(content->buckets);
  if (task.held) unlock(*c, *e);
}

void read_tasks(Collection* c) {
  EntrySink sink{};
  sink.add = add_content;
  sink.collection = c;
  read_relations(c->tasks, c->task_count,
                 c->options.content ? PassMode::kBuckets : PassMode::kCount, &sink);
  c->task_count = 0;
}

void read_conditional(Collection* c) {
  MemoryContext scratch =
      AllocSetContextCreate(CurrentMemoryContext, "pgdr relation", ALLOCSET_DEFAULT_SIZES);
  for (uint32 n = 0; n < c->conditional_count; ++n) {
    Entry* e = &c->entries.items[c->conditional[n]];
    MemoryContext outer = MemoryContextSwitchTo(scratch);
    Relation rel = relation_open(e->oid, NoLock);
    RelationContent content{};
    read_by_condition(rel, e->condition, ConditionOf::kExtension, &content);
    keep_content(c, e, content);
    relation_close(rel, NoLock);
    unlock(*c, *e);
    MemoryContextSwitchTo(outer);
    MemoryContextReset(scratch);
  }
  c->conditional_count = 0;
  MemoryContextDelete(scratch);
}

void report_wait(const Entry& e) {
  char text[3 * NAMEDATALEN];
  snprintf(text, sizeof text, "waiting for a lock on %s.%s", e.schema, e.name);
  report_step(text);
}

// All that were put off, as their locks become free; then those that remain are given up, together.
void wait_for_locks(Collection* c) {
  int left_ms = settings.lock_timeout;
  while (c->locked_out_count > 0) {
    uint32 still = 0;
    report_wait(c->entries.items[c->locked_out[0]]);
    for (uint32 n = 0; n < c->locked_out_count; ++n) {
      const uint32 i = c->locked_out[n];
      if (settings.lock_timeout == 0)
        LockRelationOid(c->entries.items[i].oid, AccessShareLock);
      else if (!ConditionalLockRelationOid(c->entries.items[i].oid, AccessShareLock)) {
        c->locked_out[still++] = i;
        continue;
      }
      examine(c, i);
    }
    c->locked_out_count = still;
    if (still == 0 || left_ms <= 0) break;
    left_ms -= pause_for_lock();
  }
  for (uint32 n = 0; n < c->locked_out_count; ++n)
    set_state(&c->entries.items[c->locked_out[n]], State::kFailed, outcome_note(Outcome::kLocked));
}

uint32* numbers(uint32 count) {
  return static_cast<uint32*>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * (Size{count} + 1)));
}

}  // namespace

void collect_relations(StringInfo out, const CollectOptions& options) {
  Collection c{};
  c.options = options;
  c.keep_locks = !options.worker && IsolationUsesXactSnapshot();
  c.keep = CurrentMemoryContext;
  c.entries = read_entries();
  c.tasks = static_cast<ReadTask*>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(ReadTask) * (Size{c.entries.count} + 1)));
  c.locked_out = numbers(c.entries.count);
  c.conditional = numbers(c.entries.count);

  // First all locks: TRUNCATE and rewrites do not respect snapshots.
  for (uint32 i = 0; i < c.entries.count; ++i) {
    CHECK_FOR_INTERRUPTS();
    if (ConditionalLockRelationOid(c.entries.items[i].oid, AccessShareLock))
      examine(&c, i);
    else
      c.locked_out[c.locked_out_count++] = i;
  }
  read_tasks(&c);
  read_conditional(&c);
  if (c.locked_out_count > 0) {
    wait_for_locks(&c);
    read_tasks(&c);
    read_conditional(&c);
  }
  sum_partitions(c.entries);

  json_key(out, "relations");
  appendStringInfoChar(out, '[');
  for (uint32 i = 0; i < c.entries.count; ++i) write_entry(out, c.entries.items[i], options);
  appendStringInfoChar(out, ']');
}

}  // namespace pgdr
