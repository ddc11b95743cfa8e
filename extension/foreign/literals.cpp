#include "foreign/literals.hpp"

namespace pgdr {

namespace {

// A literal's number stands where its place in the text does, which analysis carries along.
constexpr int kFirstNumber = 0x40000000;

const char* text_of(const A_Const* constant) {
#if PG_VERSION_NUM >= 150000  // Value nodes were split, and A_Const holds them: 15 (639a86e36aae)
  if (constant->isnull || nodeTag(&constant->val) != T_String) return nullptr;
  return constant->val.sval.sval;
#else
  return nodeTag(&constant->val) == T_String ? strVal(&constant->val) : nullptr;
#endif
}

void make_null(A_Const* constant) {
#if PG_VERSION_NUM >= 150000
  constant->isnull = true;
#else
  constant->val.type = T_Null;
#endif
}

// The function that reads a type's modifier is C code, but may run any SQL. Members of an extension
// do what their package says.
void check_modifier(const TypeName* name) {
  if (name->typmods == NIL) return;
  Type type = LookupTypeName(nullptr, name, nullptr, true);
  if (type == nullptr) return;
  const Oid function = reinterpret_cast<Form_pg_type>(GETSTRUCT(type))->typmodin;
  ReleaseSysCache(type);
  if (function < FirstNormalObjectId ||
      OidIsValid(getExtensionOfObject(ProcedureRelationId, function)))
    return;
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("type modifier of a foreign type")));
}

bool take(Node* node, void* context) {
  if (node == nullptr) return false;
  switch (nodeTag(node)) {
    case T_A_Const: {
      auto* constant = reinterpret_cast<A_Const*>(node);
      auto* literals = static_cast<Literals*>(context);
      const char* text = text_of(constant);
      if (text == nullptr) return false;
      constant->location = kFirstNumber + list_length(literals->texts);
      literals->texts = lappend(literals->texts, pstrdup(text));
      make_null(constant);
      return false;
    }
    case T_TypeName:
      check_modifier(reinterpret_cast<TypeName*>(node));
      return false;
    case T_NotifyStmt:
      return false;
#if PG_VERSION_NUM >= 170000  // JSON_TABLE, whose paths have to be literals: 17 (de3600452b61)
    case T_JsonTablePathSpec:
      return false;
#endif
    default:
      break;
  }
#if PG_VERSION_NUM >= 160000  // typed callbacks: 16 (1c27d16e6e5c)
  return raw_expression_tree_walker(node, take, context);
#else
  return raw_expression_tree_walker(
      node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(take)), context);
#endif
}

// Whether the type's input function runs nothing but PostgreSQL's own code.
bool reads_alone(Oid type) {
  if (type < FirstNormalObjectId) return true;
  const Oid element = get_element_type(type);
  return type_is_enum(OidIsValid(element) ? element : type);
}

Node* read(const Const* place, char* text) {
  auto* constant = static_cast<Const*>(copyObjectImpl(place));
  constant->constisnull = false;
  constant->location = -1;
  if (place->consttype == UNKNOWNOID) {
    constant->constvalue = CStringGetDatum(text);
    return reinterpret_cast<Node*>(constant);
  }
  Oid input = InvalidOid;
  Oid parameter = InvalidOid;
  getTypeInputInfo(place->consttype, &input, &parameter);
  constant->constvalue = OidInputFunctionCall(input, text, parameter, place->consttypmod);
  return reinterpret_cast<Node*>(constant);
}

// Shown as '…'::type, whatever the type makes of it.
Node* keep(const Const* place, char* text) {
  auto* relabel = makeNode(RelabelType);
  relabel->arg = reinterpret_cast<Expr*>(
      makeConst(UNKNOWNOID, -1, InvalidOid, -2, CStringGetDatum(text), false, false));
  relabel->resulttype = place->consttype;
  relabel->resulttypmod = place->consttypmod;
  relabel->resultcollid = place->constcollid;
  relabel->relabelformat = COERCE_EXPLICIT_CAST;
  relabel->location = -1;
  return reinterpret_cast<Node*>(relabel);
}

#if PG_VERSION_NUM >= 160000
constexpr auto as_callback(Node* (*function)(Node*, void*)) { return function; }
#else
using Callback = Node* (*)();
Callback as_callback(Node* (*function)(Node*, void*)) {
  return reinterpret_cast<Callback>(reinterpret_cast<void (*)()>(function));
}
#endif

Node* put(Node* node, void* context) {
  if (node == nullptr) return nullptr;
  if (IsA(node, Const)) {
    const auto* place = castNode(Const, node);
    const List* texts = static_cast<const Literals*>(context)->texts;
    const int number = place->location - kFirstNumber;
    if (place->constisnull && place->location >= kFirstNumber && number < list_length(texts)) {
      char* text = static_cast<char*>(list_nth(texts, number));
      return reads_alone(place->consttype) ? read(place, text) : keep(place, text);
    }
  }
  if (IsA(node, Query))
    return reinterpret_cast<Node*>(
        query_tree_mutator(castNode(Query, node), as_callback(put), context, 0));
  return expression_tree_mutator(node, as_callback(put), context);
}

}  // namespace

void take_literals(Node* raw, Literals* literals) { (void)take(raw, literals); }

Node* put_literals(Node* tree, const Literals& literals) {
  return put(tree, const_cast<Literals*>(&literals));
}

}  // namespace pgdr
