// From configuration and options to what locks and opens artifacts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "base/fingerprint_key.hpp"
#include "pipe/age.hpp"

namespace pgdr::app {

// The set's recipients, or its passphrase. kNoKey when neither is configured.
Result<pipe::Lock> load_lock(const SetConfig& set);

// The key of keyed fingerprints; nothing where none is configured.
Result<std::optional<FingerprintKey>> load_fingerprint_key(const Config& config);

// Identity files and passphrase file; each a secret file. kNoKey when a file holds no identity.
// Nothing given at all: empty keys, which open nothing.
struct KeyFiles {
  std::vector<std::string> identities;
  std::string passphrase_file;
};
Result<pipe::Keys> load_keys(const KeyFiles& files);
// What options leave open, from $PGDR_IDENTITY, then the configuration's [restore] and the set.
KeyFiles with_defaults(KeyFiles given, const Config& config, const SetConfig* set);

}  // namespace pgdr::app
