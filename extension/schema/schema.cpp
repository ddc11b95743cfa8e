#include "schema/schema.hpp"

#include "base/catalog_query.hpp"
#include "base/collect_json.hpp"
#include "foreign/normalize.hpp"
#include "foreign/normalize_spelling.hpp"
#include "schema/schema_queries.hpp"

namespace pgdr {

namespace {

struct Record {
  const char* kind;
  const char* identity;
  const char* facet;
  const char* compared;    // the class: strict, policy or warning
  const char* definition;  // nullptr: it could not be made, or was dropped meanwhile
};

struct Records {
  MemoryContext context;
  Record* items;
  Size count;
  Size capacity;
};

void add(Records* records, const Record& r) {
  if (records->count == records->capacity) {
    records->capacity = records->capacity == 0 ? 1024 : records->capacity * 2;
    Size bytes = sizeof(Record) * records->capacity;
    records->items = static_cast<Record*>(records->items == nullptr
                                              ? MemoryContextAllocHuge(records->context, bytes)
                                              : repalloc_huge(records->items, bytes));
  }
  MemoryContext c = records->context;
  records->items[records->count++] =
      Record{MemoryContextStrdup(c, r.kind), MemoryContextStrdup(c, r.identity),
             MemoryContextStrdup(c, r.facet), MemoryContextStrdup(c, r.compared),
             r.definition == nullptr ? nullptr : MemoryContextStrdup(c, r.definition)};
}

bool enclosed(const char* text) {
  size_t length = strlen(text);
  return length > 1 && text[0] == '(' && text[length - 1] == ')';
}

// Replaces the expressions inside a definition by their normal forms, in order of appearance.
struct Rewriter {
  StringInfoData out;
  const char* rest;
  ExpressionKind kind;
  Oid owner;

  void replace(const char* before) {
    const char* found = strstr(rest, before);
    if (found == nullptr) return;
    const char* after = normalize(before, kind, owner);
    // An index shows an expression in parentheses of its own, which the parser drops.
    if (enclosed(before) && !enclosed(after)) after = psprintf("(%s)", after);
    appendBinaryStringInfo(&out, rest, static_cast<int>(found - rest));
    appendStringInfoString(&out, after);
    rest = found + strlen(before);
  }
};

const char* normalize_within(const char* definition, ArrayType* expressions, ExpressionKind kind,
                             Oid owner) {
  Datum* values = nullptr;
  bool* nulls = nullptr;
  int count = 0;
  deconstruct_array(expressions, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
  const bool arguments = kind == ExpressionKind::kArguments;
  const bool lists = arguments || kind == ExpressionKind::kList;
  if (lists) kind = arguments ? ExpressionKind::kArgument : ExpressionKind::kRelation;
  Rewriter rewriter{{}, definition, kind, owner};
  initStringInfo(&rewriter.out);
  for (int i = 0; i < count; i++) {
    if (nulls[i]) continue;
    char* shown = TextDatumGetCString(values[i]);
    if (!lists) {
      rewriter.replace(shown);
      continue;
    }
    ListCell* cell;
    foreach (cell, split_list(shown)) rewriter.replace(static_cast<char*>(lfirst(cell)));
  }
  appendStringInfoString(&rewriter.out, rewriter.rest);
  // The text of a function's body is the user's.
  const bool function = arguments || kind == ExpressionKind::kBody;
  return function ? rewriter.out.data : one_spelling(rewriter.out.data);
}

// Expression kind, owner and texts start at column n.
void normalize_columns(const Row& row, int n, Record* r) {
  if (r->definition == nullptr || row.columns() < n || row.null(n)) return;
  const auto kind = static_cast<ExpressionKind>(row.chr(n));
  if (row.columns() > n + 1 && !row.null(n + 2))
    r->definition =
        normalize_within(r->definition, DatumGetArrayTypeP(row.datum(n + 2)), kind, row.oid(n + 1));
  else if (kind == ExpressionKind::kView || kind == ExpressionKind::kRule)
    r->definition = normalize(r->definition, kind, row.oid(n + 1));
}

// Columns: kind, identity, facet, class, definition, and up to two times expression kind, owner,
// expressions.
void run(const char* sql, Records* records) {
  each_row(sql, [&](const Row& row) {
    Record r{row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)};
    // What has no name is no object of this snapshot any more; what has one stays, even without a
    // definition: left out, it would look unchanged.
    if (r.kind == nullptr || r.identity == nullptr || r.facet == nullptr || r.compared == nullptr)
      ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                      errmsg("an object was dropped while the schema was read"),
                      errdetail("A record of kind \"%s\" has no %s.",
                                r.kind != nullptr ? r.kind : "unknown",
                                r.identity == nullptr ? "name" : "facet"),
                      errhint("Take the snapshot again.")));
    normalize_columns(row, 6, &r);
    normalize_columns(row, 9, &r);
    add(records, r);
  });
}

bool any_large_object() {
  bool any = false;
  each_row(kAnyLargeObject, [&](const Row& row) { any = row.boolean(1); });
  return any;
}

int compare_records(const void* a, const void* b) {
  const auto* x = static_cast<const Record*>(a);
  const auto* y = static_cast<const Record*>(b);
  if (int c = strcmp(x->kind, y->kind); c != 0) return c;
  if (int c = strcmp(x->identity, y->identity); c != 0) return c;
  return strcmp(x->facet, y->facet);
}

}  // namespace

void collect_schema(StringInfo out, const CollectOptions& options) {
  if (options.worker) pgstat_report_activity(STATE_RUNNING, "pgdr: reading the schema");
  Records records{
      AllocSetContextCreate(CurrentMemoryContext, "pgdr schema", ALLOCSET_DEFAULT_SIZES), nullptr,
      0, 0};
  for (const char* const* sql = schema_queries(); *sql != nullptr; sql++) {
    run(*sql, &records);
    CHECK_FOR_INTERRUPTS();
  }
  if (options.content && any_large_object()) run(kLargeObjectContent, &records);
  if (records.count > 0) qsort(records.items, records.count, sizeof(Record), compare_records);
  for (Size i = 0; i < records.count; i++) {
    const Record& r = records.items[i];
    json_next(out);
    appendStringInfoChar(out, '{');
    json_text(out, "kind", r.kind);
    json_text(out, "identity", r.identity);
    json_text(out, "facet", r.facet);
    json_text(out, "class", r.compared);
    json_text(out, "definition", r.definition);
    appendStringInfoChar(out, '}');
  }
  MemoryContextDelete(records.context);
}

}  // namespace pgdr
