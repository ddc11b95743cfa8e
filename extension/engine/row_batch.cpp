#include "engine/row_batch.hpp"

namespace pgdr {

namespace {

KeyHash key_hash(const RowPlan& plan, const FixedRow* fixed_key) {
  if (plan.key.count == 0) return KeyHash::kRow;
  if (fixed_key == nullptr) return KeyHash::kLaid;
  if (fixed_key->size == kIntegerRow + 4) return KeyHash::kInteger4;
  if (fixed_key->size == kIntegerRow + 8) return KeyHash::kInteger8;
  return KeyHash::kImage;
}

}  // namespace

void init_batch(RowBatch* batch, PlanCache* cache, RowPlan* plan) {
  batch->plan = plan;
  batch->fixed = batch->fixed_key = nullptr;
  batch->plain = nullptr;
  if (plan->generated.count == 0) {
    batch->fixed = fixed_row(cache, *plan, plan->columns);
    batch->fixed_key = fixed_row(cache, *plan, plan->key);
    batch->plain = plain_row(cache, *plan);
  }
  batch->key_hash = key_hash(*plan, batch->fixed_key);
  batch->images.count = batch->plains.count = batch->laid.count = 0;
}

}  // namespace pgdr
