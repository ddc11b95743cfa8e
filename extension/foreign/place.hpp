// The one place in which foreign code runs: whatever the owner of a table, type, view, rule or
// function of the database put there, and we reach by looking at it.
//
//   ForeignBudget budget = foreign_budget();
//   run_foreign(rel->rd_rel->relowner, &budget, [&] { text = OutputFunctionCall(...); });
//
// While it runs,
// - the user is the object's owner, as for REFRESH MATERIALIZED VIEW, VACUUM and amcheck, and
//   cannot be changed: what the code does is done with its owner's rights and never with those of
//   whoever verifies. Security-restricted, it leaves nothing behind that would run later (temporary
//   objects, cursors WITH HOLD, LISTEN);
// - nothing can be written, not even a sequence advanced, whoever the owner is; and of statements
//   beside queries only harmless ones run: no COPY, which reaches files and programs;
// - settings have a nest level of their own: search_path, row_security and what else changes the
//   meaning of a query are pinned, and whatever the code sets is gone afterwards;
// - it may take as long as pgdr.foreign_timeout says. Recursion ends at max_stack_depth.
// The owner is not subject to the policies of its tables meanwhile, even where they are forced:
// whoever verifies has proved the right to all rows before.
//
// An ERROR leaves everything as it was, in sessions, background workers and parallel workers, and
// on standbys. script/check-foreign refuses calls that might run foreign code anywhere else, unless
// a reviewed line says why they do not.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// What is left of the time that the code of one object, or one relation's rows, may take. Used up
// across calls, so that many short ones are bounded, too.
struct ForeignBudget {
  bool limited;
  int64 left_us;
};

// pgdr.foreign_timeout, and `extra_ms` for work that grows with the data.
ForeignBudget foreign_budget(int64 extra_ms = 0);

struct ForeignEntry {
  Oid user;
  int security;
  Oid owner;
  bool read_only;
  bool outermost;
  int nest_level;
  ForeignBudget* budget;
  TimestampTz entered;
};

// Parts of run_foreign().
void enter_foreign(ForeignEntry* entry, Oid owner, ForeignBudget* budget);
void leave_foreign(ForeignEntry* entry);
void abandon_foreign(ForeignEntry* entry);  // after an ERROR; raises it again

// owner: InvalidOid is the current user, restricted all the same. f() must leave no error behind.
template <typename F>
void run_foreign(Oid owner, ForeignBudget* budget, F&& f) {
  ForeignEntry entry{};
  enter_foreign(&entry, owner, budget);
  PG_TRY();
  { f(); }
  PG_CATCH();
  { abandon_foreign(&entry); }
  PG_END_TRY();
  leave_foreign(&entry);
}

// Called once, when the server loads the library.
void watch_foreign_statements();

}  // namespace pgdr
