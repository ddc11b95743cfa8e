// Arrays: number of dimensions, each with its length and lower bound, then every element with its
// length or NULL.
#include "encode/encode.hpp"

namespace pgdr {

namespace {

// What the header of an array says, checked against the bytes that there are.
struct Shape {
  int count;
  const bits8* bitmap;  // nullptr: no NULLs
  Size data;            // place of the first element
};

Shape shape_of(const ArrayType* array, Size size) {
  if (size < sizeof(ArrayType)) corrupt_value("an array");
  const int dimensions = ARR_NDIM(array);
  if (dimensions < 0 || dimensions > MAXDIM) corrupt_value("an array");
  const Size header = ARR_OVERHEAD_NONULLS(dimensions);
  if (header > size) corrupt_value("an array");
  uint64 count = dimensions > 0 ? 1 : 0;
  for (int i = 0; i < dimensions; ++i) {
    const int length = ARR_DIMS(array)[i];
    if (length < 0) corrupt_value("an array");
    count *= static_cast<uint64>(length);
    if (count > MaxArraySize) corrupt_value("an array");
  }
  Shape shape{static_cast<int>(count), nullptr, header};
  if (ARR_HASNULL(array)) {
    shape.data = static_cast<uint32>(array->dataoffset);
    if (shape.data < ARR_OVERHEAD_WITHNULLS(dimensions, count) || shape.data > size)
      corrupt_value("an array");
    shape.bitmap = ARR_NULLBITMAP(array);
  }
  return shape;
}

// The type of the elements stands in every array. Where it is not the column's, what is stored is
// read by PostgreSQL as of that other type: only one that is stored alike will do.
void check_element_type(TypePlan* plan, Oid type) {
  if (likely(type == plan->element_type || type == plan->element_seen)) return;
  if (get_typtype(type) == '\0' || !(IsBinaryCoercible(getBaseType(type), plan->element->type) ||
                                     IsBinaryCoercible(plan->element->type, getBaseType(type))))
    corrupt_value("an array");
  plan->element_seen = type;
}

}  // namespace

void encode_array(Encoder* encoder, TypePlan* plan, const ArrayType* array, core::Sink& sink) {
  check_stack_depth();
  CHECK_FOR_INTERRUPTS();
  const Size size = VARSIZE(array);
  const Shape shape = shape_of(array, size);
  const int dimensions = ARR_NDIM(array);
  sink.u32(static_cast<uint32>(dimensions));
  for (int i = 0; i < dimensions; ++i) {
    sink.u32(static_cast<uint32>(ARR_DIMS(array)[i]));
    sink.u32(static_cast<uint32>(ARR_LBOUND(array)[i]));
  }
  if (shape.count == 0) return;
  TypePlan* element = element_plan(&encoder->plans, plan);
  check_element_type(plan, ARR_ELEMTYPE(array));
  const bits8* bitmap = shape.bitmap;
  const Size mask = element->align - 1U;
  const char* base = reinterpret_cast<const char*>(array) + shape.data;
  const Size end = size - shape.data;
  Size offset = 0;
  for (int i = 0; i < shape.count; ++i) {
    if (bitmap != nullptr && (bitmap[i / 8] & (1 << (i % 8))) == 0) {
      sink.u32(core::kNullLength);
      continue;
    }
    if (offset >= end) corrupt_value("an array");
    const char* stored = base + offset;
    const Size length = bounded_size(stored, element->length, end - offset);
    encode_field(encoder, element, stored, sink);
    offset = (offset + length + mask) & ~mask;
  }
}

}  // namespace pgdr
