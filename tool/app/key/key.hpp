// Making and reading keys: age identities (who can open a backup) and the signing key (who wrote
// it).
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace pgdr::app {

// What init calls a key it makes, next to the configuration.
inline constexpr char kIdentityFileName[] = "identity.txt";
inline constexpr char kSigningFileName[] = "signing.pem";

struct NewIdentity {
  std::string recipient;  // age1…
  std::string file_text;  // what an identity file holds; secret, cleanse() it
};
Result<NewIdentity> new_identity(const Clock& clock);

// Writes a new identity to path (0600); returns its recipient. kExists when there is a file: keys
// are never overwritten. passphrase: the file is encrypted with it, as `age -p` does ("": it is
// not).
Result<std::string> generate_identity_file(const std::string& path, const Clock& clock,
                                           const std::string& passphrase = {});
// The recipients of the identities in a file, in their order. kNoKey: unsafe permissions or none. A
// protected file's passphrase is asked for.
Result<std::vector<std::string>> identity_recipients(const std::string& path);

// The same for the signing key: returns "ed25519:…".
Result<std::string> generate_signing_key(const std::string& path);
Result<std::string> signing_public_key(const std::string& path);

}  // namespace pgdr::app
