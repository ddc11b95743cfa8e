#include "collect/collect_relations.hpp"

#include "base/catalog_query.hpp"
#include "base/collect_json.hpp"

namespace pgdr {

namespace {

constexpr char kSequencesQuery[] =
    "SELECT c.oid, n.nspname, c.relname, s.seqincrement::text, c.relpersistence"
    " FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relpersistence <> 't'"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
    " AND n.nspname !~ '^pg_(toast_)?temp_'"
    // Of an extension's those whose state it registered for dumping.
    " AND (NOT EXISTS (SELECT FROM pg_depend d"
    "   WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
    "  OR EXISTS (SELECT FROM pg_extension x WHERE c.oid = ANY (x.extconfig) AND x.extname <> "
    "'pgdr'))"
    " ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

// A sequence is a heap of one page with one tuple that is overwritten in place, so no snapshot
// applies (commands/sequence.c).
SequenceState read_sequence(Relation rel) {
  Buffer buffer = ReadBuffer(rel, 0);
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  Page page = BufferGetPage(buffer);
  ItemId item = PageGetItemId(page, FirstOffsetNumber);
  if (!ItemIdIsNormal(item)) {
    UnlockReleaseBuffer(buffer);
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                    errmsg("sequence \"%s\" has no tuple", RelationGetRelationName(rel))));
  }
  auto* header = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
  FormData_pg_sequence_data data;
  memcpy(&data, reinterpret_cast<char*>(header) + header->t_hoff, sizeof data);
  UnlockReleaseBuffer(buffer);
  return SequenceState{data.last_value, data.is_called};
}

void check_sequence_readable(Oid sequence, const char* name) {
  AclResult result = pg_class_aclcheck(sequence, GetUserId(), ACL_SELECT);
  if (result != ACLCHECK_OK) aclcheck_error(result, OBJECT_SEQUENCE, name);
}

}  // namespace

bool read_sequence_state(Oid sequence, SequenceState* out) {
  Relation rel = try_relation_open(sequence, AccessShareLock);
  if (rel == nullptr) return false;
  if (rel->rd_rel->relkind != RELKIND_SEQUENCE)
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("\"%s\" is not a sequence", RelationGetRelationName(rel))));
  check_sequence_readable(sequence, RelationGetRelationName(rel));
  const bool readable =
      rel->rd_rel->relpersistence != RELPERSISTENCE_UNLOGGED || !RecoveryInProgress();
  if (readable) *out = read_sequence(rel);
  relation_close(rel, AccessShareLock);
  return readable;
}

void collect_sequences(StringInfo out) {
  json_key(out, "sequences");
  appendStringInfoChar(out, '[');
  each_row(kSequencesQuery, [&](const Row& row) {
    // ROW EXCLUSIVE, nextval's own lock, never conflicts with this one; only ALTER and DROP
    // SEQUENCE do.
    Relation rel = try_relation_open(row.oid(1), AccessShareLock);
    if (rel == nullptr) return;
    check_sequence_readable(row.oid(1), row.text(3));
    const bool readable = row.chr(5) != RELPERSISTENCE_UNLOGGED || !RecoveryInProgress();
    if (readable) {
      SequenceState state = read_sequence(rel);
      json_next(out);
      appendStringInfoChar(out, '{');
      json_text(out, "schema", row.text(2));
      json_text(out, "name", row.text(3));
      json_number(out, "last_value", state.last_value);
      json_bool(out, "is_called", state.is_called);
      json_raw(out, "increment", row.text(4));
      appendStringInfoChar(out, '}');
    }
    relation_close(rel, AccessShareLock);
  });
  appendStringInfoChar(out, ']');
}

}  // namespace pgdr
