#include "foreign/normalize.hpp"

#include "foreign/normalize_forms.hpp"
#include "foreign/normalize_spelling.hpp"
#include "foreign/place.hpp"

namespace pgdr {

namespace {

// Two rounds have been enough for everything seen; a text that still moves is compared as it is
// after the last.
constexpr int kMaxRounds = 4;

char* one_round(const char* text, ExpressionKind kind, Oid object) {
  switch (kind) {
    case ExpressionKind::kRelation:
      return reparse_expression(text, object);
    case ExpressionKind::kDefault:
    case ExpressionKind::kArgument:
      return reparse_expression(text, InvalidOid);
    case ExpressionKind::kDomain:
      return reparse_domain_check(text, object);
    case ExpressionKind::kTrigger:
      return reparse_trigger_condition(text, object);
    case ExpressionKind::kView:
      return reparse_query(text);
    case ExpressionKind::kRule:
      return reparse_rule(text, object);
    case ExpressionKind::kBody:
      return reparse_body(text, object);
    case ExpressionKind::kList:
    case ExpressionKind::kArguments:
    case ExpressionKind::kNone:
      break;
  }
  return pstrdup(text);
}

// Errors that say something about this moment and not about the text.
bool is_transient(int sqlstate) {
  const int category = ERRCODE_TO_CATEGORY(sqlstate);
  return sqlstate == ERRCODE_LOCK_NOT_AVAILABLE || sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED ||
         category == ERRCODE_OPERATOR_INTERVENTION || category == ERRCODE_INSUFFICIENT_RESOURCES;
}

Oid owner_in(int cache, Oid object) {
  HeapTuple tuple = SearchSysCache1(cache, ObjectIdGetDatum(object));
  if (!HeapTupleIsValid(tuple)) return InvalidOid;
  void* row = GETSTRUCT(tuple);
  Oid owner = InvalidOid;
  if (cache == RELOID)
    owner = static_cast<Form_pg_class>(row)->relowner;
  else if (cache == TYPEOID)
    owner = static_cast<Form_pg_type>(row)->typowner;
  else
    owner = static_cast<Form_pg_proc>(row)->proowner;
  ReleaseSysCache(tuple);
  return owner;
}

// InvalidOid: it was dropped meanwhile.
Oid owner_of(ExpressionKind kind, Oid object) {
  switch (kind) {
    case ExpressionKind::kDomain:
    case ExpressionKind::kDefault:
      return owner_in(TYPEOID, object);
    case ExpressionKind::kBody:
    case ExpressionKind::kArgument:
    case ExpressionKind::kArguments:
      return owner_in(PROCOID, object);
    default:
      return owner_in(RELOID, object);
  }
}

// f() as that role in the foreign place, in a subtransaction that is always rolled back: neither an
// error of the parser nor success leaves anything behind. Returns the error's SQLSTATE, 0 for none.
template <typename F>
int guarded(Oid role, F&& f) {
  MemoryContext context = CurrentMemoryContext;
  ResourceOwner resources = CurrentResourceOwner;
  ErrorData* volatile error = nullptr;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(context);
  PG_TRY();
  {
    ForeignBudget budget = foreign_budget();
    run_foreign(role, &budget, f);
  }
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
  if (error == nullptr) return 0;
  if (is_transient(error->sqlerrcode)) ReThrowError(error);
  return error->sqlerrcode;
}

// What f() returns, nullptr where the parser refused the text.
template <typename F>
auto attempt(Oid owner, F f) -> decltype(f()) {
  auto* result = static_cast<decltype(f())*>(palloc0(sizeof(decltype(f()))));
  const auto keep = [&] { *result = f(); };
  int error = OidIsValid(owner) ? guarded(owner, keep) : ERRCODE_UNDEFINED_OBJECT;
  if (error == ERRCODE_INSUFFICIENT_PRIVILEGE) error = guarded(GetUserId(), keep);
  return error == 0 ? *result : nullptr;
}

}  // namespace

char* normalize(const char* text, ExpressionKind kind, Oid object) {
  const Oid owner = owner_of(kind, object);
  char* current = pstrdup(text);
  for (int round = 0; round < kMaxRounds; round++) {
    char* next = attempt(owner, [&] { return one_round(current, kind, object); });
    if (next == nullptr && kind == ExpressionKind::kView) {
      next = attempt(owner, [&] { return stored_query(object); });
      if (next != nullptr) current = next;
      break;
    }
    if (next == nullptr || strcmp(next, current) == 0) break;
    current = next;
  }
  return one_spelling(current);
}

List* split_list(const char* text) {
  // The grammar alone: nothing is looked up.
  return attempt(GetUserId(), [&] { return list_expressions(text); });
}

}  // namespace pgdr
