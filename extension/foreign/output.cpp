#include "foreign/output.hpp"

namespace pgdr {

namespace {

// A relation may have any number of values: each one adds to the time that all of them may take.
constexpr int64 kPerValueUs = 1000;

}  // namespace

char* foreign_output(FmgrInfo* output, Datum value, Oid owner, ForeignBudget* budget) {
  char* text = nullptr;
  run_foreign(owner, budget, [&] { text = OutputFunctionCall(output, value); });
  budget->left_us += kPerValueUs;
  return text;
}

}  // namespace pgdr
