#include "normalize_guard.hpp"

namespace pgdr {

namespace {

bool holds_domain(Oid type);

bool row_holds_domain(Oid relation) {
  Relation rel = relation_open(relation, AccessShareLock);
  TupleDesc columns = RelationGetDescr(rel);
  bool found = false;
  for (int i = 0; i < columns->natts && !found; i++) {
    Form_pg_attribute column = TupleDescAttr(columns, i);
    found = !column->attisdropped && holds_domain(column->atttypid);
  }
  relation_close(rel, AccessShareLock);
  return found;
}

// Whether the input function of the type may reach that of a domain; the type may be one itself.
bool holds_domain(Oid type) {
  check_stack_depth();
  switch (get_typtype(type)) {
    case TYPTYPE_DOMAIN:
      return true;
    case TYPTYPE_COMPOSITE:
      return row_holds_domain(get_typ_typrelid(type));
    case TYPTYPE_RANGE:
      return holds_domain(get_range_subtype(type));
#if PG_VERSION_NUM >= 140000  // multiranges: 14 (6df7a9698bb0)
    case TYPTYPE_MULTIRANGE:
      return holds_domain(get_multirange_range(type));
#endif
    default: {
      const Oid element = get_element_type(type);
      return OidIsValid(element) && holds_domain(element);
    }
  }
}

bool find_checked_literal(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, TypeCast)) {
    auto* cast = castNode(TypeCast, node);
    // For a domain itself the parser takes the base type's input function and leaves the check for
    // later.
    if (cast->arg != nullptr && IsA(cast->arg, A_Const) &&
        holds_domain(getBaseType(typenameTypeId(nullptr, cast->typeName))))
      return true;
  }
#if PG_VERSION_NUM >= 160000  // typed callbacks: 16 (1c27d16e6e5c)
  return raw_expression_tree_walker(node, find_checked_literal, context);
#else
  return raw_expression_tree_walker(
      node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(find_checked_literal)),
      context);
#endif
}

}  // namespace

void refuse_checked_literals(Node* raw) {
  if (raw == nullptr || IsA(raw, NotifyStmt)) return;
  if (find_checked_literal(raw, nullptr))
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("literal of a type with a domain inside is not parsed")));
}

}  // namespace pgdr
