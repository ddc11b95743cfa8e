#include "pipe/bech32.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace pgdr::pipe {

namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksum = 6;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

// The state of the BCH code after one more 5-bit value.
std::uint32_t step(std::uint32_t state, unsigned value) {
  static constexpr std::array<std::uint32_t, 5> kGenerator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                           0x3d4233dd, 0x2a1462b3};
  const std::uint32_t top = state >> 25U;
  state = ((state & 0x1ffffffU) << 5U) ^ value;
  for (unsigned i = 0; i < kGenerator.size(); ++i) {
    if (((top >> i) & 1U) != 0) state ^= kGenerator[i];
  }
  return state;
}

std::uint32_t checksum_of_hrp(std::string_view hrp) {
  std::uint32_t state = 1;
  for (const char c : hrp) state = step(state, static_cast<unsigned char>(lower(c)) >> 5U);
  state = step(state, 0);
  for (const char c : hrp) state = step(state, static_cast<unsigned char>(lower(c)) & 31U);
  return state;
}

}  // namespace

std::string bech32_encode(std::string_view hrp, Bytes data) {
  std::string text(hrp);
  text.reserve(hrp.size() + 1 + (data.size() * 8 + 4) / 5 + kChecksum);  // no copy of a secret left
  text += '1';
  std::uint32_t state = checksum_of_hrp(hrp);
  const auto put = [&](unsigned value) {
    state = step(state, value);
    text += kAlphabet[value];
  };
  unsigned bits = 0;
  unsigned count = 0;
  for (const std::byte b : data) {
    bits = ((bits << 8U) | std::to_integer<unsigned>(b)) & 0xfffU;
    for (count += 8; count >= 5;) {
      count -= 5;
      put((bits >> count) & 31U);
    }
  }
  if (count > 0) put((bits << (5 - count)) & 31U);
  for (std::size_t i = 0; i < kChecksum; ++i) state = step(state, 0);
  state ^= 1U;
  for (unsigned i = 0; i < kChecksum; ++i) text += kAlphabet[(state >> (5 * (5 - i))) & 31U];
  if (std::any_of(hrp.begin(), hrp.end(), is_upper)) {
    std::transform(text.begin(), text.end(), text.begin(), upper);
  }
  return text;
}

std::optional<Bech32> bech32_decode(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_upper) &&
      std::any_of(text.begin(), text.end(), is_lower)) {
    return std::nullopt;
  }
  const std::size_t separator = text.rfind('1');
  if (separator == std::string_view::npos || separator == 0 ||
      text.size() - separator - 1 < kChecksum) {
    return std::nullopt;
  }
  Bech32 result{std::string(text.substr(0, separator)), {}};
  for (const char c : result.hrp) {
    if (c < 33 || c > 126) return std::nullopt;
  }
  const std::string_view body = text.substr(separator + 1);
  result.data.reserve(body.size() * 5 / 8 + 1);
  std::uint32_t state = checksum_of_hrp(result.hrp);
  unsigned bits = 0;
  unsigned count = 0;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const std::size_t value = kAlphabet.find(lower(body[i]));
    if (value == std::string_view::npos) return std::nullopt;
    state = step(state, static_cast<unsigned>(value));
    if (i + kChecksum >= body.size()) continue;  // the checksum's own characters
    bits = ((bits << 5U) | static_cast<unsigned>(value)) & 0xfffU;
    count += 5;
    if (count >= 8) {
      count -= 8;
      result.data += static_cast<char>((bits >> count) & 255U);
    }
  }
  if (state != 1 || count >= 5 || (bits & ((1U << count) - 1U)) != 0) {
    OPENSSL_cleanse(result.data.data(), result.data.size());
    return std::nullopt;
  }
  return result;
}

}  // namespace pgdr::pipe
