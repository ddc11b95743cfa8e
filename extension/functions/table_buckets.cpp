// dr._table_buckets(regclass, dump_condition): the content of one table as the snapshot document
// holds it.
#include "core/buckets.hpp"
#include "engine/engine.hpp"
#include "engine/since_snapshot.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_table_buckets);
}

namespace pgdr {

namespace {

struct One : ContentSink {
  RelationContent* out;
};

void keep_content(ContentSink* self, const ReadTask&, Outcome, RelationContent* content) {
  *static_cast<One*>(self)->out = *content;
}

void read_one(Relation rel, RelationContent* out) {
  ReadTask task = read_task(rel);
  task.held = true;
  One one{};
  one.add = keep_content;
  one.out = out;
  read_relations(&task, 1, PassMode::kBuckets, &one);
}

}  // namespace

}  // namespace pgdr

extern "C" {

PGDLLEXPORT Datum dr_table_buckets(PG_FUNCTION_ARGS) {
  namespace core = pgdr::core;
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const char* condition = PG_ARGISNULL(1) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(1));
  Relation rel = pgdr::open_for_reading(PG_GETARG_OID(0));
  if (rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_MATVIEW)
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("\"%s\" has no rows of its own", RelationGetRelationName(rel)),
                    errhint("Only tables and materialized views have key buckets.")));
  pgdr::check_readable(rel);
  pgdr::check_same(rel, GetActiveSnapshot());
  pgdr::use_digest_key(pgdr::key_argument(fcinfo, 2));
  pgdr::RelationContent content{};
  if (condition != nullptr)
    pgdr::read_by_condition(rel, condition, pgdr::ConditionOf::kCaller, &content);
  else
    pgdr::read_one(rel, &content);
  content.digest.algorithm = content.generated.algorithm = pgdr::digest_algorithm_in_use();
  pgdr::drop_digest_key();
  relation_close(rel, NoLock);

  TupleDesc desc = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("function returning record called in context that cannot accept it")));
  char digest[core::kDigestTextMax];
  core::format_digest(content.digest, digest);
  char generated[core::kDigestTextMax];
  core::format_digest(content.generated, generated);
  auto* raw = static_cast<uint8*>(palloc(core::kBucketBytesMax));
  auto* encoded = static_cast<char*>(palloc(core::kBucketTextMax));
  const size_t length = core::encode_base64(
      raw, core::serialize_buckets(content.buckets, content.bucket_bits, raw), encoded);
  Datum values[5] = {Int64GetDatum(content.rows), CStringGetTextDatum(digest),
                     CStringGetTextDatum(generated), Int32GetDatum(content.bucket_bits),
                     PointerGetDatum(cstring_to_text_with_len(encoded, static_cast<int>(length)))};
  bool nulls[5] = {false, false, !content.has_generated, false, false};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

}  // extern "C"
