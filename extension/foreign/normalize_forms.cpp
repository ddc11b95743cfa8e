#include "foreign/normalize_forms.hpp"

#include "foreign/literals.hpp"

namespace pgdr {

namespace {

RawStmt* parse_one(const char* sql) {
  List* statements = pg_parse_query(sql);
  if (list_length(statements) != 1)
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("one statement expected")));
  return linitial_node(RawStmt, statements);
}

// The raw parse tree of an expression, without its literals.
Node* parse_expression(const char* sql, Literals* literals) {
  RawStmt* raw = parse_one(sql);
  auto* select = castNode(SelectStmt, raw->stmt);
  if (list_length(select->targetList) != 1)
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("one expression expected")));
  Node* raw_expression = linitial_node(ResTarget, select->targetList)->val;
  take_literals(raw_expression, literals);
  return raw_expression;
}

ParseState* make_state(const char* sql) {
  ParseState* state = make_parsestate(nullptr);
  state->p_sourcetext = sql;
  return state;
}

Node* transform(ParseState* state, Node* raw, const Literals& literals) {
  Node* expression = transformExpr(state, raw, EXPR_KIND_OTHER);
  // A bare string literal becomes text, as it does on the way into a catalog.
  if (exprType(expression) == UNKNOWNOID)
    expression = coerce_type(state, expression, UNKNOWNOID, TEXTOID, -1, COERCION_IMPLICIT,
                             COERCE_IMPLICIT_CAST, -1);
  assign_expr_collations(state, expression);
  return put_literals(expression, literals);
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

CoerceToDomainValue* value_of(Oid domain) {
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(domain));
  if (!HeapTupleIsValid(tuple))
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("type with OID %u does not exist", domain)));
  auto* type = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
  auto* value = makeNode(CoerceToDomainValue);
  value->typeId = type->typbasetype;
  value->typeMod = type->typtypmod;
  value->collation = get_typcollation(type->typbasetype);
  value->location = -1;
  ReleaseSysCache(tuple);
  return value;
}

}  // namespace

char* reparse_expression(const char* text, Oid relation) {
  char* sql = psprintf("SELECT %s", text);
  Literals literals{};
  Node* raw = parse_expression(sql, &literals);
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
  return deparse_expression(transform(state, raw, literals), context, false, false);
}

List* list_expressions(const char* text) {
  static constexpr char kSelect[] = "SELECT ";
  char* sql = psprintf("%s%s", kSelect, text);
  List* targets = castNode(SelectStmt, parse_one(sql)->stmt)->targetList;
  List* texts = NIL;
  char* end = sql + strlen(sql);
  // From the last: each ends where the next one's separator starts.
  for (int i = list_length(targets) - 1; i >= 0; i--) {
    char* start = sql + list_nth_node(ResTarget, targets, i)->location;
    texts = lcons(pnstrdup(start, static_cast<Size>(end - start)), texts);
    for (end = start; end > sql && (end[-1] == ' ' || end[-1] == ',');) end--;
  }
  return texts;
}

char* reparse_domain_check(const char* text, Oid domain) {
  char* sql = psprintf("SELECT %s", text);
  Literals literals{};
  Node* raw = parse_expression(sql, &literals);
  ParseState* state = make_state(sql);
  state->p_pre_columnref_hook = domain_value;
  state->p_ref_hook_state = value_of(domain);
  return deparse_expression(transform(state, raw, literals), NIL, false, false);
}

namespace {

// pg_get_querydef came with 15 (604d9d7c3bf9). Before, the only public way to a query's text is an
// expression that holds it.
char* query_text(Query* query) {
#if PG_VERSION_NUM >= 150000
  return pg_get_querydef(query, false);
#else
  static constexpr char kBefore[] = "ARRAY(";
  auto* link = makeNode(SubLink);
  link->subLinkType = ARRAY_SUBLINK;
  link->subselect = reinterpret_cast<Node*>(query);
  link->location = -1;
  char* text = deparse_expression(reinterpret_cast<Node*>(link), NIL, false, false);
  const size_t length = strlen(text);
  if (strncmp(text, kBefore, sizeof kBefore - 1) != 0 || text[length - 1] != ')')
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("query expected")));
  text[length - 1] = '\0';
  return text + sizeof kBefore - 1;
#endif
}

char* deparse(Query* query) {
  char* text = query_text(query);
  size_t length = strlen(text);
  while (length > 0 && (text[length - 1] == ';' || text[length - 1] == '\n')) length--;
  text[length] = '\0';
  return text;
}

// A statement analysed and shown again.
char* deparse_again(ParseState* state, Node* raw) {
  Literals literals{};
  take_literals(raw, &literals);
  Query* query = transformStmt(state, raw);
  return deparse(castNode(Query, put_literals(reinterpret_cast<Node*>(query), literals)));
}

// Makes OLD and NEW of the relation known, as the first two range table entries.
void add_old_and_new(ParseState* state, Relation rel) {
  static constexpr const char* kRows[] = {"old", "new"};
  for (const char* name : kRows) {
    ParseNamespaceItem* item = addRangeTableEntryForRelation(state, rel, AccessShareLock,
                                                             makeAlias(name, NIL), false, false);
    addNSItemToQuery(state, item, false, true, true);
  }
}

// No public function deparses an expression over OLD and NEW, but a query "SELECT WHERE …" over the
// two does.
char* deparse_over_rows(ParseState* state, Node* raw, const Literals& literals) {
  static constexpr char kWhere[] = " WHERE ";
  auto* query = makeNode(Query);
  query->commandType = CMD_SELECT;
  query->canSetTag = true;
  query->jointree = makeFromExpr(NIL, transform(state, raw, literals));
  query->hasSubLinks = state->p_hasSubLinks;
  query->rtable = state->p_rtable;
#if PG_VERSION_NUM >= 160000  // permission checks left range table entries: 16 (a61b1f74823c)
  query->rteperminfos = state->p_rteperminfos;
#endif
  char* text = deparse(query);
  char* where = strstr(text, kWhere);
  if (where == nullptr)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("condition expected")));
  return where + sizeof kWhere - 1;
}

const char* event_name(CmdType event) {
  switch (event) {
    case CMD_SELECT:
      return "SELECT";
    case CMD_UPDATE:
      return "UPDATE";
    case CMD_INSERT:
      return "INSERT";
    default:
      return "DELETE";
  }
}

}  // namespace

char* reparse_query(const char* text) {
  // Not parse_analyze: statistics collectors hook in there.
  return deparse_again(make_state(text), parse_one(text)->stmt);
}

#if PG_VERSION_NUM < 160000  // views without range table entries for OLD and NEW: 16 (1b4d280ea)
// The two entries, always the first, are why names are qualified even over a single relation.
char* stored_query(Oid view) {
  Relation rel = relation_open(view, AccessShareLock);
  char* text = nullptr;
  if (rel->rd_rules != nullptr && rel->rd_rules->numLocks > 0) {
    RewriteRule* rule = rel->rd_rules->rules[0];
    for (int i = 1; i < rel->rd_rules->numLocks && rule->event != CMD_SELECT; i++)
      rule = rel->rd_rules->rules[i];
    auto* query = static_cast<Query*>(copyObjectImpl(linitial(rule->actions)));
    if (rule->event == CMD_SELECT && query->setOperations == nullptr &&
        list_length(query->rtable) >= 2 &&
        strcmp(linitial_node(RangeTblEntry, query->rtable)->eref->aliasname, "old") == 0 &&
        strcmp(lsecond_node(RangeTblEntry, query->rtable)->eref->aliasname, "new") == 0) {
      query->rtable = list_copy_tail(query->rtable, 2);
      OffsetVarNodes(reinterpret_cast<Node*>(query), -2, 0);
      // A renamed column has its new name in the view alone.
      ListCell* cell;
      foreach (cell, query->targetList) {
        auto* target = lfirst_node(TargetEntry, cell);
        if (!target->resjunk && target->resno <= RelationGetNumberOfAttributes(rel))
          target->resname =
              pstrdup(NameStr(TupleDescAttr(RelationGetDescr(rel), target->resno - 1)->attname));
      }
      text = deparse(query);
    }
  }
  relation_close(rel, AccessShareLock);
  return text;
}
#else
char* stored_query(Oid) { return nullptr; }
#endif

char* reparse_trigger_condition(const char* text, Oid relation) {
  char* sql = psprintf("SELECT %s", text);
  Literals literals{};
  Node* raw = parse_expression(sql, &literals);
  ParseState* state = make_state(sql);
  Relation rel = relation_open(relation, AccessShareLock);
  add_old_and_new(state, rel);
  relation_close(rel, NoLock);
  return deparse_over_rows(state, raw, literals);
}

// transformRuleStmt would do the parsing, but it takes ACCESS EXCLUSIVE.
char* reparse_rule(const char* text, Oid relation) {
  auto* rule = castNode(RuleStmt, parse_one(text)->stmt);
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfo(&out, "CREATE RULE %s AS ON %s TO %s", quote_identifier(rule->rulename),
                   event_name(rule->event),
                   quote_qualified_identifier(rule->relation->schemaname, rule->relation->relname));
  Relation rel = relation_open(relation, AccessShareLock);
  if (rule->whereClause != nullptr) {
    Literals literals{};
    take_literals(rule->whereClause, &literals);
    ParseState* state = make_state(text);
    add_old_and_new(state, rel);
    appendStringInfo(&out, " WHERE %s", deparse_over_rows(state, rule->whereClause, literals));
  }
  appendStringInfo(&out, " DO %s", rule->instead ? "INSTEAD " : "ALSO ");
  if (rule->actions == NIL) appendStringInfoString(&out, "NOTHING");
  ListCell* cell;
  foreach (cell, rule->actions) {
    ParseState* state = make_state(text);
    add_old_and_new(state, rel);
    auto* action = static_cast<Node*>(lfirst(cell));
    appendStringInfo(&out, "%s%s", cell == list_head(rule->actions) ? "(" : ";\n ",
                     deparse_again(state, action));
  }
  if (rule->actions != NIL) appendStringInfoChar(&out, ')');
  relation_close(rel, NoLock);
  return out.data;
}

#if PG_VERSION_NUM >= 140000  // standard SQL bodies: 14 (e717a9a18b2e)
// As interpret_AS_clause in commands/functioncmds.c parses it. Arguments come out as $1, $2, ….
char* reparse_body(const char* text, Oid function) {
  char* sql = psprintf("CREATE FUNCTION f() RETURNS record LANGUAGE sql %s", text);
  Node* body = castNode(CreateFunctionStmt, parse_one(sql)->stmt)->sql_body;
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple) || body == nullptr)
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                    errmsg("function with OID %u has no body", function)));
  SQLFunctionParseInfoPtr info = prepare_sql_fn_parse_info(tuple, nullptr, InvalidOid);
  ReleaseSysCache(tuple);
  StringInfoData out;
  initStringInfo(&out);
  if (!IsA(body, List)) {
    ParseState* state = make_state(sql);
    sql_fn_parser_setup(state, info);
    appendStringInfoString(&out, deparse_again(state, body));
    return out.data;
  }
  appendStringInfoString(&out, "BEGIN ATOMIC");
  ListCell* cell;
  foreach (cell, linitial_node(List, castNode(List, body))) {
    ParseState* state = make_state(sql);
    sql_fn_parser_setup(state, info);
    auto* statement = static_cast<Node*>(lfirst(cell));
    appendStringInfo(&out, "\n%s;", deparse_again(state, statement));
  }
  appendStringInfoString(&out, "\nEND");
  return out.data;
}

#else

char* reparse_body(const char* text, Oid) { return pstrdup(text); }

#endif

}  // namespace pgdr
