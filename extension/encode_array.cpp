// Arrays: number of dimensions, each with its length and lower bound, then every element with its
// length or NULL.
#include "encode.hpp"

namespace pgdr {

void encode_array(Encoder* encoder, TypePlan* plan, const ArrayType* array, core::Sink& sink) {
  check_stack_depth();
  const int dimensions = ARR_NDIM(array);
  sink.u32(static_cast<uint32>(dimensions));
  for (int i = 0; i < dimensions; ++i) {
    sink.u32(static_cast<uint32>(ARR_DIMS(array)[i]));
    sink.u32(static_cast<uint32>(ARR_LBOUND(array)[i]));
  }
  const int count = ArrayGetNItems(dimensions, ARR_DIMS(array));
  const TypePlan* element = plan->element;
  const char* base = ARR_DATA_PTR(array);
  const bits8* bitmap = ARR_NULLBITMAP(array);
  const Size mask = element->align - 1U;
  Size offset = 0;
  for (int i = 0; i < count; ++i) {
    if (bitmap != nullptr && (bitmap[i / 8] & (1 << (i % 8))) == 0) {
      sink.u32(core::kNullLength);
      continue;
    }
    const char* stored = base + offset;
    encode_field(encoder, plan->element, stored, sink);
    Size length = 0;
    if (element->length > 0) {
      length = static_cast<Size>(element->length);
    } else if (element->length == -1) {
      length = VARSIZE_ANY(stored);
    } else {
      length = strlen(stored) + 1;
    }
    offset = (offset + length + mask) & ~mask;
  }
}

}  // namespace pgdr
