// Encrypted files: armor, header, stanzas, payload; keys; compressed streams.

#include "fuzz/fuzz.hpp"
#include "pipe/age.hpp"
#include "pipe/age_armor.hpp"
#include "pipe/age_header.hpp"
#include "pipe/age_payload.hpp"
#include "pipe/age_stanza.hpp"
#include "pipe/bech32.hpp"
#include "pipe/stages.hpp"

namespace pgdr {
namespace {

void read_to_end(Source& source) {
  std::vector<std::byte> buffer(10'000);
  for (;;) {
    const auto got = source.read(buffer);
    if (!got || *got == 0) return;
    fuzz::require(*got <= buffer.size(), "more than the buffer holds");
  }
}

const pipe::Keys& keys() {
  // The identity of age's own test vectors. No passphrase: a header may ask scrypt for 4 GiB.
  static const pipe::Keys all{
      {*pipe::Identity::parse(
          "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0")},
      ""};
  return all;
}

}  // namespace

PGDR_FUZZ_TARGET(age, input) {
  const auto from = pipe::memory_source(std::string(input));
  const auto source = pipe::age_decrypt(*from, keys());
  if (source) read_to_end(**source);
}

PGDR_FUZZ_TARGET(age_header, input) {
  const auto header = pipe::parse_header(input);
  if (!header) return;
  fuzz::require(pipe::header_text(header->stanzas) + pipe::header_end(header->mac) == input,
                "it reads back otherwise");
  if (pipe::check_stanzas(header->stanzas)) {
    static_cast<void>(pipe::unwrap(header->stanzas, keys()));
  }
}

PGDR_FUZZ_TARGET(age_armor, input) {
  const auto from = pipe::memory_source(std::string(input));
  pipe::looks_armored(input.substr(0, 64));
  const auto source = pipe::armor_source(*from);
  read_to_end(*source);
}

PGDR_FUZZ_TARGET(age_payload, input) {
  auto source = pipe::payload_source(pipe::memory_source(std::string(input)), pipe::Key32{});
  if (source) read_to_end(**source);
}

PGDR_FUZZ_TARGET(age_keys, input) {
  if (const auto decoded = pipe::bech32_decode(input)) {
    fuzz::require(pipe::bech32_encode(decoded->hrp, bytes_of(decoded->data)) == input,
                  "Bech32 reads back otherwise");
  }
  if (const auto recipient = pipe::parse_recipient(input)) {
    fuzz::require(recipient->text == input, "a recipient reads back otherwise");
  }
  static_cast<void>(pipe::parse_recipients_file(input));
  static_cast<void>(pipe::parse_identity_file(input));
  if (const auto identity = pipe::Identity::parse(input)) {
    fuzz::require(pipe::Identity::parse(identity->secret_text()).ok(), "an identity");
  } else {
    // But for what the message says of any text.
    static const std::string any = pipe::Identity::parse("x").error().message;
    const std::string& said = identity.error().message;
    fuzz::require(input.size() < 20 || said.find(input) == std::string::npos ||
                      any.find(input) != std::string::npos,
                  "a message that repeats the secret");
  }
}

PGDR_FUZZ_TARGET(zstd, input) {
  const auto from = pipe::memory_source(std::string(input));
  const auto source = pipe::zstd_source(*from);
  if (!source) return;
  std::vector<std::byte> buffer(10'000);
  // A few bytes may stand for gigabytes: as far as a reader asks, no further.
  for (int i = 0; i < 1000; ++i) {
    const auto got = (*source)->read(buffer);
    if (!got || *got == 0) return;
  }
}

}  // namespace pgdr
