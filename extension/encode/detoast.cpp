#include "encode/detoast.hpp"

#include "encode/bounds.hpp"
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

// The most bytes that so many compressed ones can stand for.
Size unpacked_most(const varlena* datum) {
  constexpr Size kLz4 = 256;  // the byte that lengthens a match adds 255 at most
  const Size packed = VARSIZE(datum) - kCompressedHeader;
  return packed * (is_pglz(datum) ? core::kPglzMost : kLz4);
}

uint64 bytes_of(Oid relation) {
  Relation rel = table_open(relation, AccessShareLock);
  const uint64 bytes = uint64{RelationGetNumberOfBlocks(rel)} * BLCKSZ;
  table_close(rel, AccessShareLock);
  return bytes;
}

[[noreturn]] void corrupt_pointer() { corrupt_value("a pointer to an out-of-line value"); }

// A pointer that can be right: to a TOAST table that has so many bytes.
varatt_external open_pointer(const varlena* datum, ToastTable* known) {
  varatt_external pointer;
  VARATT_EXTERNAL_GET_POINTER(pointer, datum);
  const auto header = static_cast<int32>(VARHDRSZ);
  const int64 stored = stored_length(pointer);
  if (pointer.va_rawsize < header || static_cast<Size>(pointer.va_rawsize) > MaxAllocSize ||
      stored < 0 || stored > pointer.va_rawsize - header)
    corrupt_pointer();
  const Oid relation = pointer.va_toastrelid;
  if (known->relation != relation) {
    if (get_rel_relkind(relation) != RELKIND_TOASTVALUE) corrupt_pointer();
    *known = {relation, bytes_of(relation)};
  }
  // It may have grown since.
  if (static_cast<uint64>(stored) > known->bytes) known->bytes = bytes_of(relation);
  if (static_cast<uint64>(stored) > known->bytes) corrupt_pointer();
  return pointer;
}

}  // namespace

Size out_of_line_length(const char* stored, ToastTable* known) {
  return static_cast<Size>(
      open_pointer(reinterpret_cast<const varlena*>(stored), known).va_rawsize - VARHDRSZ);
}

varlena* detoast(const char* stored, ToastTable* known) {
  auto* datum = const_cast<varlena*>(reinterpret_cast<const varlena*>(stored));
  if (VARATT_IS_EXTERNAL(datum)) {
    if (!VARATT_IS_EXTERNAL_ONDISK(datum)) corrupt_pointer();
    const varatt_external pointer = open_pointer(datum, known);
    if (!is_compressed(pointer)) return detoast_attr(datum);
    datum = detoast_external_attr(datum);
    if (!VARATT_IS_COMPRESSED(datum) || VARSIZE(datum) < kCompressedHeader ||
        unpacked_size(datum) != static_cast<Size>(pointer.va_rawsize - VARHDRSZ))
      corrupt_value("an out-of-line value");
  }
  if (!VARATT_IS_COMPRESSED(datum)) return detoast_attr(datum);
  if (VARSIZE(datum) < kCompressedHeader || unpacked_size(datum) > unpacked_most(datum))
    corrupt_value("a compressed value");
  if (!is_pglz(datum)) return detoast_attr(datum);
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
