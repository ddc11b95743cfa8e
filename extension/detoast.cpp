#include "detoast.hpp"

#include "core/pglz.hpp"

namespace pgdr {

namespace {

constexpr Size kCompressedHeader = offsetof(varattrib_4b, va_compressed.va_data);

// Values carry their compression method, and other methods exist: 14 (bbe0a81db69b).
bool is_pglz([[maybe_unused]] const varlena* datum) {
#if PG_VERSION_NUM >= 140000
  constexpr uint32 kPglz = 0;  // TOAST_PGLZ_COMPRESSION_ID
  return VARDATA_COMPRESSED_GET_COMPRESS_METHOD(datum) == kPglz;
#else
  return true;
#endif
}

Size unpacked_size(const varlena* datum) {
#if PG_VERSION_NUM >= 140000
  return VARDATA_COMPRESSED_GET_EXTSIZE(datum);
#else
  return static_cast<Size>(VARRAWSIZE_4B_C(datum));
#endif
}

}  // namespace

varlena* detoast(const char* stored) {
  auto* datum = const_cast<varlena*>(reinterpret_cast<const varlena*>(stored));
  if (VARATT_IS_EXTERNAL_ONDISK(datum)) {
    varatt_external pointer;
    VARATT_EXTERNAL_GET_POINTER(pointer, datum);
    if (is_compressed(pointer)) datum = detoast_external_attr(datum);
  }
  if (!VARATT_IS_COMPRESSED(datum) || !is_pglz(datum) || VARSIZE(datum) < kCompressedHeader)
    return detoast_attr(datum);
  const Size size = unpacked_size(datum);
  auto* whole = static_cast<varlena*>(palloc(size + VARHDRSZ));
  SET_VARSIZE(whole, size + VARHDRSZ);
  const auto* packed = reinterpret_cast<const uint8*>(datum) + kCompressedHeader;
  if (core::unpack_pglz(packed, VARSIZE(datum) - kCompressedHeader,
                        reinterpret_cast<uint8*>(VARDATA(whole)), size))
    return whole;
  return detoast_attr(datum);
}

}  // namespace pgdr
