#include "foreign/place.hpp"

#include "base/settings.hpp"

namespace pgdr {

namespace {

// How deep in foreign code this process is. Every way out of run_foreign() counts down.
int depth = 0;

// --- time ----------------------------------------------------------------------------------------

TimeoutId timer = MAX_TIMEOUTS;  // registered at first use, in the process that uses it
volatile sig_atomic_t expired = 0;
volatile sig_atomic_t ignored = 0;

constexpr int kAgainMs = 500;     // code that catches the cancel is cancelled again
constexpr int kMostIgnored = 20;  // and then it takes its session with it: better than for ever

// In a signal handler.
void expire() {
  expired = 1;
  ignored = ignored + 1;
  if (ignored > kMostIgnored) ProcDiePending = 1;
  QueryCancelPending = 1;
  InterruptPending = 1;
  SetLatch(MyLatch);
}

void start_timer(ForeignEntry* entry) {
  expired = 0;
  ignored = 0;
  entry->entered = GetCurrentTimestamp();
  if (timer == MAX_TIMEOUTS) timer = RegisterTimeout(USER_TIMEOUT, expire);
  const TimestampTz end = entry->entered + entry->budget->left_us;
#if PG_VERSION_NUM >= 150000  // repeated timeouts: 15 (9ce346eabf35)
  enable_timeout_every(timer, end, kAgainMs);
#else
  enable_timeout_at(timer, end);
#endif
}

bool timed(const ForeignEntry* entry) { return entry->outermost && entry->budget->limited; }

// True if the time was up.
bool stop_timer(ForeignEntry* entry) {
  if (!timed(entry)) return false;
  disable_timeout(timer, false);
  entry->budget->left_us -= GetCurrentTimestamp() - entry->entered;
  if (expired == 0) return false;
  // The cancel was ours. It may still be pending, and is not meant for whatever comes next.
  QueryCancelPending = 0;
  expired = 0;
  return true;
}

// No cancel, which nobody catches: that the time was up is said about the object, and the work goes
// on with the next one.
void too_long(Oid owner) {
  ereport(ERROR,
          (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
           errmsg("code of the owner, %s, took longer than allowed",
                  GetUserNameFromId(OidIsValid(owner) ? owner : GetUserId(), false)),
           errdetail("It belongs to the object that was looked at: a check, a condition, or a "
                     "function of a type."),
           errhint("See what it waits for; pgdr.foreign_timeout sets how long it may take.")));
}

// --- settings ------------------------------------------------------------------------------------

void pin(const char* name, const char* value) {
  (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

void pin_if(bool differs, const char* name, const char* value) {
  if (differs) pin(name, value);
}

// What would change the meaning of a query. Most often all are pinned already, further out.
void pin_settings() {
  static constexpr char kPath[] = "pg_catalog, pg_temp";
  pin_if(namespace_search_path == nullptr || strcmp(namespace_search_path, kPath) != 0,
         "search_path", kPath);
  pin_if(row_security, "row_security", "off");
  pin_if(Transform_null_equals, "transform_null_equals", "off");
  // The planner would trust the very rules that are to be checked.
  pin_if(constraint_exclusion != CONSTRAINT_EXCLUSION_OFF, "constraint_exclusion", "off");
  // In a parallel worker none of the above but the user would hold.
  pin_if(max_parallel_workers_per_gather != 0, "max_parallel_workers_per_gather", "0");
}

// --- statements ----------------------------------------------------------------------------------

ProcessUtility_hook_type next_hook = nullptr;

bool is_harmless(Node* statement) {
  switch (nodeTag(statement)) {
    case T_VariableSetStmt:
    case T_VariableShowStmt:
    case T_DeclareCursorStmt:
    case T_FetchStmt:
    case T_ClosePortalStmt:
    case T_PrepareStmt:
    case T_ExecuteStmt:
    case T_DeallocateStmt:
    case T_ExplainStmt:
    case T_DoStmt:
    case T_CallStmt:
      return true;
    default:
      return false;
  }
}

#if PG_VERSION_NUM >= 140000  // readOnlyTree: 14 (7c337b6b527b)
#define PGDR_UTILITY_PARAMETERS                                                                   \
  PlannedStmt *statement, const char *source, bool read_only_tree, ProcessUtilityContext context, \
      ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest,                    \
      QueryCompletion *completion
#define PGDR_UTILITY_ARGUMENTS \
  statement, source, read_only_tree, context, params, environment, dest, completion
#else
#define PGDR_UTILITY_PARAMETERS                                                                    \
  PlannedStmt *statement, const char *source, ProcessUtilityContext context, ParamListInfo params, \
      QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion
#define PGDR_UTILITY_ARGUMENTS statement, source, context, params, environment, dest, completion
#endif

void watch_statement(PGDR_UTILITY_PARAMETERS) {
  if (depth > 0 && !is_harmless(statement->utilityStmt))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("this statement is not allowed in code that pgdr runs as the owner of "
                           "what it looks at")));
  if (next_hook != nullptr)
    next_hook(PGDR_UTILITY_ARGUMENTS);
  else
    standard_ProcessUtility(PGDR_UTILITY_ARGUMENTS);
}

}  // namespace

ForeignBudget foreign_budget(int64 extra_ms) {
  if (settings.foreign_timeout == 0) return ForeignBudget{false, 0};
  return ForeignBudget{true, (int64{settings.foreign_timeout} + extra_ms) * 1000};
}

void enter_foreign(ForeignEntry* entry, Oid owner, ForeignBudget* budget) {
  entry->owner = owner;
  entry->budget = budget;
  entry->outermost = depth == 0;
  if (timed(entry) && budget->left_us <= 0) too_long(owner);
  GetUserIdAndSecContext(&entry->user, &entry->security);
  entry->read_only = XactReadOnly;
  entry->nest_level = NewGUCNestLevel();
  // As ourselves, for a setting may need our rights; nobody else's code runs by it.
  pin_settings();
  ++depth;
  SetUserIdAndSecContext(OidIsValid(owner) ? owner : entry->user,
                         entry->security | SECURITY_RESTRICTED_OPERATION |
                             SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
  XactReadOnly = true;
  if (timed(entry)) start_timer(entry);
}

namespace {

// Everything but the settings, which an abort takes back by itself.
bool step_out(ForeignEntry* entry) {
  const bool late = stop_timer(entry);
  --depth;
  XactReadOnly = entry->read_only;
  SetUserIdAndSecContext(entry->user, entry->security);
  return late;
}

}  // namespace

void leave_foreign(ForeignEntry* entry) {
  const bool late = step_out(entry);
  // As at an abort, so that settings which the code made go, too.
  AtEOXact_GUC(false, entry->nest_level);
  if (late) too_long(entry->owner);
}

void abandon_foreign(ForeignEntry* entry) {
  if (!step_out(entry)) PG_RE_THROW();
  // Whatever it failed with, most likely our cancel.
  FlushErrorState();
  too_long(entry->owner);
}

void watch_foreign_statements() {
  next_hook = ProcessUtility_hook;
  ProcessUtility_hook = watch_statement;
}

}  // namespace pgdr
