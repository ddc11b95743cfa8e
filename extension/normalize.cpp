#include "normalize.hpp"

#include "normalize_forms.hpp"
#include "normalize_spelling.hpp"

namespace pgdr {

namespace {

// Two rounds have been enough for everything seen; a text that still moves is compared as it is
// after the last.
constexpr int kMaxRounds = 4;

char* one_round(const char* text, ExpressionKind kind, Oid owner) {
  switch (kind) {
    case ExpressionKind::kRelation:
      return reparse_expression(text, owner);
    case ExpressionKind::kDomain:
      return reparse_domain_check(text, owner);
    case ExpressionKind::kTrigger:
      return reparse_trigger_condition(text, owner);
    case ExpressionKind::kView:
      return reparse_query(text);
    case ExpressionKind::kRule:
      return reparse_rule(text, owner);
    case ExpressionKind::kBody:
      return reparse_body(text, owner);
    case ExpressionKind::kList:
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

// f() in a subtransaction that is always rolled back: neither an error of the parser nor success
// leaves anything behind. nullptr: the parser refused the text.
template <typename F>
auto guarded(F f) -> decltype(f()) {
  MemoryContext context = CurrentMemoryContext;
  ResourceOwner resources = CurrentResourceOwner;
  decltype(f()) volatile result = nullptr;
  ErrorData* volatile error = nullptr;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(context);
  PG_TRY();
  { result = f(); }
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
  if (error != nullptr && is_transient(error->sqlerrcode)) ReThrowError(error);
  return result;
}

}  // namespace

char* normalize(const char* text, ExpressionKind kind, Oid owner) {
  char* current = pstrdup(text);
  for (int round = 0; round < kMaxRounds; round++) {
    char* next = guarded([&] { return one_round(current, kind, owner); });
    if (next == nullptr && kind == ExpressionKind::kView) {
      next = guarded([&] { return stored_query(owner); });
      if (next != nullptr) current = next;
      break;
    }
    if (next == nullptr || strcmp(next, current) == 0) break;
    current = next;
  }
  return one_spelling(current);
}

List* split_list(const char* text) {
  return guarded([&] { return list_expressions(text); });
}

}  // namespace pgdr
