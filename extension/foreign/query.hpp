// Queries over relations of the database, in which code of their owners may run.
//
// SQL knows relations by name only. What was found by OID and locked can still be renamed from
// under its name, or its schema be, and something else put there. So the query is analysed, which
// locks what the names mean now, and refused unless they mean what they should; it is that analysis
// which is then run.
//
//   Portal portal = open_foreign_query("SELECT … FROM ONLY a.t AS t", owner, &oid, 1, &budget);
//   while (fetch_foreign_rows(portal, 1000, owner, &budget) > 0) … SPI_tuptable …
//   SPI_cursor_close(portal);
//
// The caller holds an SPI connection and an active snapshot.
#pragma once

#include "foreign/place.hpp"
#include "base/pg.hpp"

namespace pgdr {

// relations: what the innermost FROM names first, in this order; ERRCODE_T_R_SERIALIZATION_FAILURE
// if a name means another one.
Portal open_foreign_query(const char* sql, Oid role, const Oid* relations, int count,
                          ForeignBudget* budget);

// Returns how many rows are in SPI_tuptable now; 0: the end.
uint64 fetch_foreign_rows(Portal portal, long most, Oid role, ForeignBudget* budget);

// A time that grows with the size of the relations, which the query reads.
ForeignBudget budget_for(const Oid* relations, int count);

}  // namespace pgdr
