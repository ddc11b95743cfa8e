#include "base/digest_key.hpp"

namespace pgdr {

namespace {

DigestKey* key_in_use = nullptr;

void forget(void* argument) {
  auto* key = static_cast<DigestKey*>(argument);
  if (key_in_use == key) key_in_use = nullptr;
  key->hash.close();
  core::wipe(&key->derived, sizeof key->derived);
}

void forget_at_abort(XactEvent event, void*) {
  if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT) key_in_use = nullptr;
}

void forget_at_subabort(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
  if (event == SUBXACT_EVENT_ABORT_SUB) key_in_use = nullptr;
}

void openssl_failed() {
  ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not compute HMAC-SHA-256"),
                  errdetail("OpenSSL failed, most likely for lack of memory.")));
}

DigestKey* new_key() {
  MemoryContext context =
      AllocSetContextCreate(CurrentMemoryContext, "pgdr key", ALLOCSET_SMALL_SIZES);
  auto* key = static_cast<DigestKey*>(MemoryContextAllocZero(context, sizeof(DigestKey)));
  key->context = context;
  auto* callback = static_cast<MemoryContextCallback*>(
      MemoryContextAllocZero(context, sizeof(MemoryContextCallback)));
  callback->func = forget;
  callback->arg = key;
  MemoryContextRegisterResetCallback(context, callback);
  return key;
}

void open_hash(DigestKey* key) {
  if (!key->hash.open(key->derived.rows)) openssl_failed();
}

}  // namespace

DigestKey* make_digest_key(const void* secret, Size length) {
  if (length < core::kSecretMin)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the fingerprint key is too short"),
             errdetail("It has %zu bytes; at least %zu are needed.", length, core::kSecretMin),
             errhint("32 random bytes are a good key.")));
  DigestKey* key = new_key();
  if (!core::derive_keys(secret, length, &key->derived)) openssl_failed();
  open_hash(key);
  return key;
}

DigestKey* copy_digest_key(const core::DerivedKeys& derived) {
  DigestKey* key = new_key();
  key->derived = derived;
  open_hash(key);
  return key;
}

DigestKey* key_argument(FunctionCallInfo fcinfo, int n) {
  if (n >= PG_NARGS() || PG_ARGISNULL(n)) return nullptr;
  bytea* secret = PG_GETARG_BYTEA_PP(n);
  return make_digest_key(VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret));
}

void refuse_null_key(bool is_null) {
  if (is_null)
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the fingerprint key is null"),
                    errhint("Leave the argument out for an unkeyed fingerprint.")));
}

void free_digest_key(DigestKey* key) {
  if (key != nullptr) MemoryContextDelete(key->context);
}

void use_digest_key(DigestKey* key) {
  static bool registered = false;
  if (!registered) {
    RegisterXactCallback(forget_at_abort, nullptr);
    RegisterSubXactCallback(forget_at_subabort, nullptr);
    registered = true;
  }
  key_in_use = key;
}

DigestKey* digest_key_in_use() { return key_in_use; }

void drop_digest_key() { free_digest_key(key_in_use); }

void check_digest_key(const DigestKey* key) {
  if (unlikely(key->hash.failed())) openssl_failed();
}

core::Algorithm digest_algorithm_in_use() {
  return key_in_use == nullptr ? core::Algorithm::kXxh3 : core::Algorithm::kHmacSha256;
}

char* hexadecimal(const uint8* bytes, Size length) {
  auto* text = static_cast<char*>(palloc(2 * length + 1));
  for (Size i = 0; i < length; ++i) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  return text;
}

char* digest_key_check(const DigestKey* key) {
  return hexadecimal(key->derived.check, sizeof key->derived.check);
}

}  // namespace pgdr
