#include "base/fingerprint_key.hpp"

#include <cctype>
#include <utility>

#include "base/file.hpp"

namespace pgdr {
namespace {

constexpr std::size_t kLeastDigits = 32;  // what the extension takes: 16 bytes

bool hexadecimal(const std::string& text) {
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return false;
  }
  return text.size() % 2 == 0;
}

}  // namespace

Result<FingerprintKey> FingerprintKey::load(const std::string& path) {
  PGDR_TRY(std::string digits, read_passphrase_file(path));
  if (digits.size() < kLeastDigits || !hexadecimal(digits)) {
    cleanse(digits);
    return Error::of(Code::kNoKey, path + " holds no fingerprint key",
                     "it needs one line of 64 hexadecimal digits: openssl rand -hex 32");
  }
  FingerprintKey key("\\x" + digits);
  cleanse(digits);
  return key;
}

// A key is too long for a string's inner buffer: a move takes it away and leaves no copy.
FingerprintKey::FingerprintKey(FingerprintKey&& other) noexcept = default;

FingerprintKey& FingerprintKey::operator=(FingerprintKey&& other) noexcept {
  if (this != &other) {
    cleanse(bytea_);
    bytea_ = std::move(other.bytea_);
  }
  return *this;
}

FingerprintKey::~FingerprintKey() { cleanse(bytea_); }

}  // namespace pgdr
