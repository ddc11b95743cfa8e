// One round of deparse(parse(text)) for each kind of text; normalize.cpp repeats and guards them.
// All may ereport(ERROR).
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// An expression over the columns of a relation, or of none (InvalidOid).
char* reparse_expression(const char* text, Oid relation);
// The texts (char*) of the expressions of a list, which are separated by commas.
List* list_expressions(const char* text);
// A domain's check over VALUE.
char* reparse_domain_check(const char* text, Oid domain);

// A whole query.
char* reparse_query(const char* text);
// The query of a view as it is stored, with columns qualified as 16 and later do; nullptr where the
// text of pg_get_viewdef is that already, or stands for more than one query.
char* stored_query(Oid view);
// A trigger's WHEN over the OLD and NEW rows of a relation.
char* reparse_trigger_condition(const char* text, Oid relation);
// CREATE RULE, as pg_get_ruledef writes it, of a relation.
char* reparse_rule(const char* text, Oid relation);
// The body of a function in standard SQL: BEGIN ATOMIC … END, or RETURN ….
char* reparse_body(const char* text, Oid function);

}  // namespace pgdr
