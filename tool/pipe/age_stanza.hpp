// Recipient stanzas of age v1: wrapping the file key to X25519 recipients or a passphrase, and
// back.
#pragma once

#include <optional>
#include <vector>

#include "pipe/age.hpp"
#include "pipe/age_crypto.hpp"
#include "pipe/age_header.hpp"

namespace pgdr::pipe {

inline constexpr int kMaxScryptLogN = 22;  // reading and writing; age's own limit

Result<Stanza> wrap_x25519(const FileKey& file_key, const Recipient& recipient);
Result<Stanza> wrap_scrypt(const FileKey& file_key, std::string_view passphrase, int log_n);

// Every stanza of a known type must be well-formed (kCorrupt), whether or not a key for it is at
// hand; an scrypt stanza must be the only stanza. Unknown types pass.
Status check_stanzas(const std::vector<Stanza>& stanzas);
// After check_stanzas(). kNoKey when nothing fits; kCorrupt for a share of low order.
Result<FileKey> unwrap(const std::vector<Stanza>& stanzas, const Keys& keys);

}  // namespace pgdr::pipe
