#include "row_batch.hpp"

namespace pgdr {

namespace {

KeyForm key_form(const Projection& key) {
  if (key.count == 0) return KeyForm::kRow;
  if (key.count == 1 && key.fields[0].kind == Kind::kFixed4) return KeyForm::kInteger4;
  if (key.count == 1 && key.fields[0].kind == Kind::kFixed8) return KeyForm::kInteger8;
  return KeyForm::kColumns;
}

// What is the same in every canonical row of one integer.
void lay_integers(LaidRows* laid, uint32 length) {
  for (auto& integer : laid->integers) core::store_u32(core::store_u32(integer, 1), length);
}

}  // namespace

void init_batch(RowBatch* batch, PlanCache* cache, RowPlan* plan) {
  batch->plan = plan;
  batch->fixed = nullptr;
  batch->plain = nullptr;
  if (plan->generated.count == 0) {
    batch->fixed = fixed_row(cache, *plan, plan->columns);
    batch->plain = plain_row(cache, *plan);
  }
  batch->key_form = key_form(plan->key);
  batch->varied.count = batch->images.count = 0;
  const uint32 length = batch->key_form == KeyForm::kInteger4 ? 4 : 8;
  lay_integers(&batch->varied, length);
  lay_integers(&batch->images, length);
}

}  // namespace pgdr
