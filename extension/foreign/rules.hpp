// The rules of a table that rows may break, and the queries that find the rows which do.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

struct Rule {
  const char*
      catalog_query;  // of $1, the object: one row, the query; none where the object is gone
  Oid object;
  Oid relations[2];  // what the query reads, first the one as whose owner it runs
  int count;         // 0: the object is gone
};

// what: constraint (a CHECK, foreign key, exclusion constraint or key WITHOUT OVERLAPS), "not
// null", domain or partition (of a table), unique (an index), sequence.
Rule find_rule(const char* what, Oid object);

}  // namespace pgdr
