// From configuration and options to what locks and opens artifacts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "base/fingerprint_key.hpp"
#include "pipe/age.hpp"

namespace pgdr::app {

// The set's recipients, or its passphrase. kNoKey when neither is configured.
Result<pipe::Lock> load_lock(const SetConfig& set);

// The key of keyed fingerprints; nothing where none is configured.
Result<std::optional<FingerprintKey>> load_fingerprint_key(const Config& config);

// Identity files and passphrase file; each a secret file. The identity "-" is asked for on the
// terminal, or read from standard input where that is none. An identity file that is protected with
// a passphrase (age -p, key generate --protect) is opened with the passphrase file's, else with one
// asked for on the terminal. kNoKey when a file holds no identity. Nothing given at all: empty
// keys, which open nothing.
struct KeyFiles {
  std::vector<std::string> identities;
  std::string passphrase_file;
};
// passphrase: of a protected file; "": asked for where one is needed.
Result<std::vector<pipe::Identity>> load_identities(const std::string& path,
                                                    const std::string& passphrase);
Result<pipe::Keys> load_keys(const KeyFiles& files);
// What options leave open, from $PGDR_IDENTITY, then the configuration's [restore] and the set.
KeyFiles with_defaults(KeyFiles given, const Config& config, const SetConfig* set);

}  // namespace pgdr::app
