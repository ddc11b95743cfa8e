// The key of a keyed digest, between the SQL function that it was passed to and the rows.
//
//   use_digest_key(key_argument(fcinfo, 2));     nullptr: unkeyed
//   … fingerprint …
//   drop_digest_key();
//
// The key is derived from what the caller passed, lives in private memory of this process and is
// overwritten when it is dropped, when its memory context goes, or when the (sub)transaction
// aborts: no error leaves it behind, and no later call finds it. It is written nowhere.
#pragma once

#include "base/pg.hpp"

#include "core/keyed_hash.hpp"

namespace pgdr {

struct DigestKey {
  core::DerivedKeys derived;
  core::KeyedHash hash;
  MemoryContext context;
};

// In a memory context of its own, a child of the current one. Errors for a secret that is too
// short.
DigestKey* make_digest_key(const void* secret, Size length);

// In another process of the same reading, from what the first one derived.
DigestKey* copy_digest_key(const core::DerivedKeys& derived);

// The bytea argument n, or nullptr where it is NULL or the function has none.
DigestKey* key_argument(FunctionCallInfo fcinfo, int n);

// A function that is there for its key does not take NULL for one.
void refuse_null_key(bool is_null);

void free_digest_key(DigestKey* key);

// What init_row_hasher() takes from now on. key: nullptr for none.
void use_digest_key(DigestKey* key);
DigestKey* digest_key_in_use();

// Frees the key in use, if any.
void drop_digest_key();

// Raises the error if OpenSSL failed.
void check_digest_key(const DigestKey* key);

// The algorithm that a document taken now has: with the key in use, or without one.
core::Algorithm digest_algorithm_in_use();

char* hexadecimal(const uint8* bytes, Size length);

// What a document says about the key: hexadecimal, in the current memory context.
char* digest_key_check(const DigestKey* key);

}  // namespace pgdr
