#include "schema/schema_queries.hpp"

#include "base/pg.hpp"

namespace pgdr {

const char* const* schema_queries() {
  static const char* all[64];
  static const char* const* const groups[] = {kTableQueries, kConstraintQueries, kProgramQueries,
                                              kTypeQueries,  kOtherQueries,      kPrivilegeQueries,
                                              kCommonQueries};
  int count = 0;
  for (const char* const* group : groups)
    for (; *group != nullptr && count < static_cast<int>(lengthof(all)) - 1; group++)
      all[count++] = *group;
  all[count] = nullptr;
  return all;
}

}  // namespace pgdr
