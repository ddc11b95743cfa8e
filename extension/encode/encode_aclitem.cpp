// aclitem: rights as bits, roles by name. The text of an item is not the same on every version (how
// names are quoted), nor is its storage (64 bits of rights since 16, 7b378237aa80).
#include "encode/encode.hpp"

namespace pgdr {

namespace {

void write_name(const char* name, core::Sink& sink) {
  const Size length = strnlen(name, NAMEDATALEN);
  sink.u32(static_cast<uint32>(length));
  for (Size i = 0; i < length; ++i) sink.u8(static_cast<uint8>(name[i]));
}

// A field: the role's name; NULL for PUBLIC; the number where no such role is.
void write_role(Oid role, core::Sink& sink) {
  if (!OidIsValid(role)) {
    sink.u32(core::kNullLength);
    return;
  }
  HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
  if (HeapTupleIsValid(tuple)) {
    write_name(NameStr(reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple))->rolname), sink);
    ReleaseSysCache(tuple);
  } else {
    write_name(psprintf("%u", role), sink);
  }
}

}  // namespace

void encode_aclitem(const char* stored, core::Sink& sink) {
  const auto item = core::load_native<AclItem>(stored);
  sink.u32(static_cast<uint32>(ACLITEM_GET_PRIVS(item)));
  sink.u32(static_cast<uint32>(ACLITEM_GET_GOPTIONS(item)));
  write_role(item.ai_grantee, sink);
  write_role(item.ai_grantor, sink);
}

}  // namespace pgdr
