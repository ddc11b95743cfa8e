// The lines that dr_differences gives.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// Texts in this database's encoding; nullptr is NULL.
struct ResultLine {
  // missing, extra, changed, gone, changed since, bucket; info: about the comparison itself
  const char* side;
  const char* key;
  const char* column;
  const char* expected;
  const char* actual;
  const char* detail;
};

struct Results {
  Tuplestorestate* store;
  TupleDesc desc;

  void put(const ResultLine& line);
  void info(const char* detail) { put({"info", nullptr, nullptr, nullptr, nullptr, detail}); }
};

// For a set-returning function in materialize mode; the columns are ResultLine's.
Results start_results(FunctionCallInfo fcinfo);

}  // namespace pgdr
