// Which columns of two sides are compared, by which key, and how finely the keys are divided.
#pragma once

#include "compare/difference_find.hpp"
#include "compare/difference_result.hpp"

namespace pgdr {

// The columns that both sides have with the same type (modifiers apart), in the source's order; the
// source's key if all of it is among them. baseline: its key instead, and no generated columns,
// which it has not; or nullptr. Writes a result line for each column that is not compared.
RowsPlan plan_comparison(const SideDescription& source, const SideDescription& target,
                         const Baseline* baseline, Results* results);

// All columns of one side that fingerprints cover, by the baseline's key.
RowsPlan plan_baseline(const SideDescription& side, const Baseline& baseline);

bool same_names(const NameList& a, const NameList& b);  // in any order

const SideColumn* find_column(const SideDescription& side, const char* name);

}  // namespace pgdr
