#include "normalize.hpp"

namespace pgdr {

namespace {

// Three rounds have been enough for everything seen; a text that still moves is compared as it is after the last.
constexpr int kMaxRounds = 4;

RawStmt* parse_one(const char* sql) {
  List* statements = pg_parse_query(sql);
  if (list_length(statements) != 1)
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("one statement expected")));
  return linitial_node(RawStmt, statements);
}

// The raw parse tree of an expression.
Node* parse_expression(const char* sql) {
  RawStmt* raw = parse_one(sql);
  auto* select = castNode(SelectStmt, raw->stmt);
  if (list_length(select->targetList) != 1)
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("one expression expected")));
  return linitial_node(ResTarget, select->targetList)->val;
}

ParseState* make_state(const char* sql) {
  ParseState* state = make_parsestate(nullptr);
  state->p_sourcetext = sql;
  return state;
}

Node* transform(ParseState* state, Node* raw) {
  Node* expression = transformExpr(state, raw, EXPR_KIND_OTHER);
  // A bare string literal becomes text, as it does on the way into a catalog.
  if (exprType(expression) == UNKNOWNOID)
    expression = coerce_type(state, expression, UNKNOWNOID, TEXTOID, -1, COERCION_IMPLICIT,
                             COERCE_IMPLICIT_CAST, -1);
  assign_expr_collations(state, expression);
  return expression;
}

char* normalize_relation(const char* text, Oid relation) {
  char* sql = psprintf("SELECT %s", text);
  Node* raw = parse_expression(sql);
  ParseState* state = make_state(sql);
  List* context = NIL;
  if (OidIsValid(relation)) {
    Relation rel = relation_open(relation, AccessShareLock);
    ParseNamespaceItem* item =
        addRangeTableEntryForRelation(state, rel, AccessShareLock, nullptr, false, true);
    addNSItemToQuery(state, item, false, true, true);
    context = deparse_context_for(RelationGetRelationName(rel), relation);
    relation_close(rel, NoLock);
  }
  return deparse_expression(transform(state, raw), context, false, false);
}

// VALUE, as replace_domain_constraint_value in commands/typecmds.c has it.
Node* domain_value(ParseState* state, ColumnRef* column) {
  if (list_length(column->fields) != 1) return nullptr;
  auto* field = static_cast<Node*>(linitial(column->fields));
  if (!IsA(field, String) || strcmp(strVal(field), "value") != 0) return nullptr;
  auto* value = static_cast<CoerceToDomainValue*>(copyObjectImpl(state->p_ref_hook_state));
  value->location = column->location;
  return reinterpret_cast<Node*>(value);
}

char* normalize_domain(const char* text, Oid domain) {
  char* sql = psprintf("SELECT %s", text);
  Node* raw = parse_expression(sql);
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(domain));
  if (!HeapTupleIsValid(tuple))
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("type with OID %u does not exist", domain)));
  auto* type = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
  auto* value = makeNode(CoerceToDomainValue);
  value->typeId = type->typbasetype;
  value->typeMod = type->typtypmod;
  value->collation = get_typcollation(type->typbasetype);
  value->location = -1;
  ReleaseSysCache(tuple);
  ParseState* state = make_state(sql);
  state->p_pre_columnref_hook = domain_value;
  state->p_ref_hook_state = value;
  return deparse_expression(transform(state, raw), NIL, false, false);
}

#if PG_VERSION_NUM >= 150000  // pg_get_querydef: upstream 604d9d7c3bf9

char* without_semicolon(char* text) {
  size_t length = strlen(text);
  while (length > 0 && (text[length - 1] == ';' || text[length - 1] == '\n')) length--;
  text[length] = '\0';
  return text;
}

char* normalize_view(const char* text) {
  RawStmt* raw = parse_one(text);
  // Not parse_analyze: statistics collectors hook in there.
  Query* query = transformTopLevelStmt(make_state(text), raw);
  return without_semicolon(pg_get_querydef(query, false));
}

// A trigger's WHEN: no public function deparses over OLD and NEW, but a query "SELECT WHERE …" over the two does.
char* normalize_trigger(const char* text, Oid relation) {
  static constexpr char kWhere[] = " WHERE ";
  char* sql = psprintf("SELECT %s", text);
  Node* raw = parse_expression(sql);
  ParseState* state = make_state(sql);
  Relation rel = relation_open(relation, AccessShareLock);
  static constexpr const char* kRows[] = {"old", "new"};
  for (const char* name : kRows) {
    ParseNamespaceItem* item = addRangeTableEntryForRelation(
        state, rel, AccessShareLock, makeAlias(name, NIL), false, false);
    addNSItemToQuery(state, item, false, true, true);
  }
  relation_close(rel, NoLock);
  auto* query = makeNode(Query);
  query->commandType = CMD_SELECT;
  query->canSetTag = true;
  query->jointree = makeFromExpr(NIL, transform(state, raw));
  query->rtable = state->p_rtable;
#if PG_VERSION_NUM >= 160000  // upstream a61b1f74823c: permission checks moved out of range table entries
  query->rteperminfos = state->p_rteperminfos;
#endif
  char* deparsed = without_semicolon(pg_get_querydef(query, false));
  char* where = strstr(deparsed, kWhere);
  return where == nullptr ? pstrdup(text) : where + sizeof kWhere - 1;
}

#else

char* normalize_view(const char* text) { return pstrdup(text); }
char* normalize_trigger(const char* text, Oid) { return pstrdup(text); }

#endif

char* one_round(const char* text, ExpressionKind kind, Oid owner) {
  switch (kind) {
    case ExpressionKind::kRelation:
      return normalize_relation(text, owner);
    case ExpressionKind::kDomain:
      return normalize_domain(text, owner);
    case ExpressionKind::kTrigger:
      return normalize_trigger(text, owner);
    case ExpressionKind::kView:
      return normalize_view(text);
    case ExpressionKind::kNone:
      break;
  }
  return pstrdup(text);
}

// In a subtransaction that is always rolled back: an error of the parser leaves nothing, and neither does success.
char* guarded_round(const char* text, ExpressionKind kind, Oid owner) {
  MemoryContext context = CurrentMemoryContext;
  ResourceOwner resources = CurrentResourceOwner;
  char* volatile result = nullptr;
  ErrorData* volatile error = nullptr;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(context);
  PG_TRY();
  { result = one_round(text, kind, owner); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    error = CopyErrorData();
    FlushErrorState();
  }
  PG_END_TRY();
  RollbackAndReleaseCurrentSubTransaction();
  MemoryContextSwitchTo(context);
  CurrentResourceOwner = resources;
  if (error != nullptr && (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
                           error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
                           error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
                           error->sqlerrcode == ERRCODE_OUT_OF_MEMORY))
    ReThrowError(error);
  return result;
}

}  // namespace

char* normalize(const char* text, ExpressionKind kind, Oid owner) {
  char* current = pstrdup(text);
  for (int round = 0; round < kMaxRounds; round++) {
    char* next = guarded_round(current, kind, owner);
    if (next == nullptr || strcmp(next, current) == 0) break;
    current = next;
  }
  return current;
}

}  // namespace pgdr
