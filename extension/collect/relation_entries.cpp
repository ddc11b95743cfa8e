#include "collect/relation_entries.hpp"

#include "base/catalog_query.hpp"
#include "base/collect_json.hpp"
#include "base/digest_key.hpp"

namespace pgdr {

namespace {

// Relations that a dump carries, by name; extension members only if the extension registered their
// rows for dumping.
constexpr char kRelationsQuery[] =
    "SELECT c.oid, i.inhparent, n.nspname, c.relname, c.relkind, c.relpersistence, "
    "c.relispopulated,"
    " k.key, e.condition, k.numbers"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN (SELECT u.oid, u.condition FROM pg_extension x,"
    "   unnest(x.extconfig, x.extcondition) AS u(oid, condition)"
    "   WHERE x.extname <> 'pgdr') e ON e.oid = c.oid"
    " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition"
    " LEFT JOIN (SELECT x.indrelid, json_agg(a.attname ORDER BY u.n)::text AS key,"
    "   string_agg(u.attnum::text, ',' ORDER BY u.n) AS numbers"
    "   FROM pg_index x, unnest(x.indkey) WITH ORDINALITY AS u(attnum, n), pg_attribute a"
    "   WHERE x.indisprimary AND x.indisvalid AND u.n <= x.indnkeyatts"
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

// An index of the entries by OID.
struct ByOid {
  Oid oid;
  Entry* entry;
};

struct Index {
  ByOid* items;
  uint32 count;
};

int compare_by_oid(const void* a, const void* b) {
  const Oid x = static_cast<const ByOid*>(a)->oid;
  const Oid y = static_cast<const ByOid*>(b)->oid;
  return x < y ? -1 : x > y ? 1 : 0;
}

Entry* find(const Index& index, Oid oid) {
  const ByOid wanted{oid, nullptr};
  const void* found = bsearch(&wanted, index.items, index.count, sizeof wanted, compare_by_oid);
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

void write_digest(StringInfo out, const char* key, const core::Digest& digest) {
  core::Digest named = digest;  // one of no rows may not know its algorithm
  named.algorithm = digest_algorithm_in_use();
  char text[core::kDigestTextMax];
  (void)core::format_digest(named, text);
  json_text(out, key, text);
}

}  // namespace

Entries read_entries() {
  MemoryContext keep = CurrentMemoryContext;
  Entries entries{nullptr, 0};
  uint32 capacity = 0;
  each_row(kRelationsQuery, [&](const Row& row) {
    if (entries.count == capacity) {
      capacity = capacity == 0 ? 256 : capacity * 2;
      const Size bytes = sizeof(Entry) * capacity;
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
    e.key_numbers = copy_or_null(keep, row.text(10));
    const char* condition = row.text(9);
    e.condition =
        condition != nullptr && *condition != '\0' ? MemoryContextStrdup(keep, condition) : nullptr;
    e.state = State::kExact;
  });
  return entries;
}

void sum_partitions(const Entries& entries) {
  if (entries.count == 0) return;
  const Size bytes = sizeof(ByOid) * entries.count;
  Index index{static_cast<ByOid*>(MemoryContextAllocHuge(CurrentMemoryContext, bytes)),
              entries.count};
  for (uint32 i = 0; i < entries.count; ++i)
    index.items[i] = ByOid{entries.items[i].oid, &entries.items[i]};
  qsort(index.items, index.count, sizeof(ByOid), compare_by_oid);
  for (uint32 i = 0; i < entries.count; ++i) {
    Entry* e = &entries.items[i];
    if (OidIsValid(e->parent) && e->kind != RELKIND_PARTITIONED_TABLE) add_to_ancestors(e, index);
  }
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

}  // namespace pgdr
