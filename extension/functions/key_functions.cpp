// What documents say about the key of their digests.
#include "base/digest_key.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_key_check);
PG_FUNCTION_INFO_V1(dr_seal_bytes);
}

extern "C" {

// (key bytea) -> text
PGDLLEXPORT Datum dr_key_check(PG_FUNCTION_ARGS) {
  pgdr::DigestKey* key = pgdr::key_argument(fcinfo, 0);
  const char* check = pgdr::digest_key_check(key);
  pgdr::free_digest_key(key);
  PG_RETURN_TEXT_P(cstring_to_text(check));
}

// (data bytea, key bytea) -> text
PGDLLEXPORT Datum dr_seal_bytes(PG_FUNCTION_ARGS) {
  bytea* data = PG_GETARG_BYTEA_PP(0);
  pgdr::DigestKey* key = pgdr::key_argument(fcinfo, 1);
  uint8 seal[32];
  const bool done =
      pgdr::core::hmac_sha256(key->derived.seal, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), seal);
  pgdr::free_digest_key(key);
  if (!done)
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not compute HMAC-SHA-256")));
  PG_RETURN_TEXT_P(cstring_to_text(pgdr::hexadecimal(seal, sizeof seal)));
}

}  // extern "C"
