// age: keys, round trips, and every way a file can be cut, altered, reordered or extended.
#include "pipe/age.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "pipe/age_armor.hpp"
#include "pipe/age_header.hpp"
#include "pipe/bech32.hpp"
#include "pipe/stages.hpp"
#include "streams.hpp"

namespace pgdr::pipe {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kSealedChunk = 65536 + 16;
// The keys of the specification's own example (C2SP age.md, "The X25519 recipient type").
constexpr const char* kSpecIdentity =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
constexpr const char* kSpecRecipient =
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

std::string encrypt(const std::string& text, const Lock& lock, std::size_t piece = 100000) {
  std::string out;
  const auto memory = memory_sink(out);
  auto sink = age_encrypt(*memory, lock);
  EXPECT_TRUE(sink);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    EXPECT_TRUE((*sink)->write(bytes_of(std::string_view(text).substr(at, piece))));
  }
  EXPECT_TRUE((*sink)->finish());
  return out;
}

struct Opened {
  std::string text;
  Status status = success();
};
Opened decrypt(const std::string& file, const Keys& keys, std::size_t piece = 1 << 20) {
  test::DribblingSource from(file, piece, 3);
  auto source = age_decrypt(from, keys);
  if (!source) return {{}, source.error()};
  test::Drained drained = test::drain(**source);
  return {std::move(drained.text), drained.status};
}

class Age : public testing::Test {
 protected:
  Identity identity_ = *Identity::generate();
  Lock lock_{{identity_.recipient()}, {}};
  Keys keys_{{identity_}, {}};
};

TEST_F(Age, RoundTripsAtEveryChunkBoundary) {
  for (const std::size_t size :
       {0U, 1U, 65535U, 65536U, 65537U, 131071U, 131072U, 131073U, (1U << 20U) + 3U}) {
    const std::string text = test::random_text(size, 1);
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{65536}, std::size_t{200000}}) {
      const std::string file = encrypt(text, lock_, piece);
      for (const std::size_t read : {std::size_t{777}, std::size_t{1} << 20U}) {
        const Opened opened = decrypt(file, keys_, read);
        EXPECT_TRUE(opened.status) << size;
        EXPECT_TRUE(opened.text == text) << size;
      }
    }
  }
}

TEST_F(Age, AnyOfSeveralRecipientsOpensIt) {
  std::vector<Identity> identities;
  Lock lock;
  for (int i = 0; i < 5; ++i) {
    identities.push_back(*Identity::generate());
    lock.recipients.push_back(identities.back().recipient());
  }
  const std::string file = encrypt("text", lock);
  for (const Identity& identity : identities) {
    EXPECT_EQ(decrypt(file, {{identity}, {}}).text, "text");
    EXPECT_EQ(decrypt(file, {{identity_, identity}, "unused"}).text, "text");
  }
  const Opened refused = decrypt(file, keys_);
  EXPECT_EQ(refused.status.error().code, Code::kNoKey);
  EXPECT_THAT(refused.status.error().message, HasSubstr("5 recipients"));
  EXPECT_EQ(decrypt(file, {{}, "a passphrase"}).status.error().code, Code::kNoKey);
  EXPECT_EQ(decrypt(file, {}).status.error().code, Code::kNoKey);
}

TEST_F(Age, APassphraseOpensIt) {
  const std::string file = encrypt("text", {{}, "correct horse", 10});
  EXPECT_EQ(decrypt(file, {{}, "correct horse"}).text, "text");
  EXPECT_EQ(decrypt(file, {{identity_}, "correct horse"}).text, "text");
  const Opened wrong = decrypt(file, {{}, "battery staple"});
  EXPECT_EQ(wrong.status.error().code, Code::kNoKey);
  EXPECT_THAT(wrong.status.error().message, Not(HasSubstr("battery")));
  EXPECT_EQ(decrypt(file, keys_).status.error().code, Code::kNoKey);
}

TEST_F(Age, RecipientsAndPassphraseDoNotMix) {
  std::string out;
  const auto memory = memory_sink(out);
  EXPECT_EQ(age_encrypt(*memory, {}).error().code, Code::kUsage);
  EXPECT_EQ(age_encrypt(*memory, {{identity_.recipient()}, "p"}).error().code, Code::kUsage);
  EXPECT_EQ(age_encrypt(*memory, {{}, "p", 0}).error().code, Code::kUsage);
  EXPECT_EQ(age_encrypt(*memory, {{}, "p", 23}).error().code, Code::kUsage);
  EXPECT_TRUE(out.empty());
}

TEST_F(Age, ARecipientOfLowOrderIsRefused) {
  Recipient zero{"age1zero", {}};
  std::string out;
  const auto memory = memory_sink(out);
  EXPECT_EQ(age_encrypt(*memory, {{zero}, {}}).error().code, Code::kUsage);
}

TEST_F(Age, NoTwoFilesAreAlike) {
  const std::string a = encrypt("same", lock_);
  const std::string b = encrypt("same", lock_);
  EXPECT_NE(a.substr(a.size() - 20), b.substr(b.size() - 20));
  EXPECT_NE(a.substr(0, 70), b.substr(0, 70));
}

TEST_F(Age, EveryTruncationIsRefused) {
  const std::string file = encrypt(test::random_text(65536 + 100, 2), lock_);
  const std::size_t header = file.size() - (65536 + 100 + 32 + 16);
  std::vector<std::size_t> sizes;
  for (std::size_t size = 0; size < header + 40; ++size) sizes.push_back(size);
  for (std::size_t back = 1; back < 140; ++back) sizes.push_back(file.size() - back);
  const std::size_t first_end = header + 16 + kSealedChunk;  // nonce, first chunk
  for (std::size_t d = 0; d <= 2; ++d) sizes.push_back(first_end + d - 1);
  for (const std::size_t size : sizes) {
    const Opened opened = decrypt(file.substr(0, size), keys_);
    ASSERT_FALSE(opened.status) << size;
    const Code code = opened.status.error().code;
    EXPECT_TRUE(code == Code::kCorrupt || (code == Code::kUsage && size < 22)) << size;
    EXPECT_LE(opened.text.size(), 65536U);
  }
}

TEST_F(Age, EveryExtensionIsRefused) {
  for (const std::size_t size : {0U, 1U, 65536U, 65537U}) {
    const std::string file = encrypt(test::random_text(size, 3), lock_);
    for (const std::size_t more : {std::size_t{1}, std::size_t{16}, std::size_t{70000}}) {
      const Opened opened = decrypt(file + std::string(more, '\0'), keys_);
      ASSERT_FALSE(opened.status) << size << " " << more;
      EXPECT_EQ(opened.status.error().code, Code::kCorrupt);
    }
    EXPECT_FALSE(decrypt(file + file, keys_).status);
  }
}

TEST_F(Age, EveryFlippedBitIsRefused) {
  const unsigned seed = test::fresh_seed();
  SCOPED_TRACE("PGDR_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string file = encrypt(test::random_text(200, 4), lock_);
  for (std::size_t at = 0; at < file.size(); ++at) {  // every byte, one bit
    std::string bad = file;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (random() % 8)));
    EXPECT_FALSE(decrypt(bad, keys_).status) << at;
  }
  const std::string large = encrypt(test::random_text(300000, 5), lock_);
  for (int i = 0; i < 60; ++i) {
    std::string bad = large;
    const std::size_t at = random() % bad.size();
    bad[at] = static_cast<char>(bad[at] ^ (1 << (random() % 8)));
    EXPECT_FALSE(decrypt(bad, keys_).status) << at;
  }
}

TEST_F(Age, ReorderedDroppedOrRepeatedChunksAreRefused) {
  const std::string file = encrypt(test::random_text(65536 * 4, 6), lock_);
  const std::size_t start = file.size() - 4 * kSealedChunk;
  const std::string head = file.substr(0, start);
  const auto chunk = [&](std::size_t i) {
    return file.substr(start + i * kSealedChunk, kSealedChunk);
  };
  EXPECT_TRUE(decrypt(head + chunk(0) + chunk(1) + chunk(2) + chunk(3), keys_).status);
  for (const std::string& bad :
       {head + chunk(1) + chunk(0) + chunk(2) + chunk(3), head + chunk(0) + chunk(2) + chunk(3),
        head + chunk(0) + chunk(0) + chunk(1) + chunk(2) + chunk(3), head + chunk(3),
        head + chunk(0) + chunk(1) + chunk(2), head + chunk(0) + chunk(1) + chunk(3)}) {
    const Opened opened = decrypt(bad, keys_);
    ASSERT_FALSE(opened.status);
    EXPECT_EQ(opened.status.error().code, Code::kCorrupt);
  }
  // A chunk of another file under the same recipient.
  const std::string other = encrypt(test::random_text(65536 * 4, 7), lock_);
  EXPECT_FALSE(decrypt(head + other.substr(other.size() - 4 * kSealedChunk), keys_).status);
}

TEST_F(Age, ASwappedHeaderIsRefused) {
  const std::string a = encrypt("aaaa", lock_);
  const std::string b = encrypt("bbbb", lock_);
  ASSERT_EQ(a.size(), b.size());
  const std::size_t payload = a.size() - 36;
  EXPECT_FALSE(decrypt(a.substr(0, payload) + b.substr(payload), keys_).status);
}

TEST_F(Age, OtherFilesAreNamedAsSuch) {
  for (const std::string& text : {std::string(), std::string("PGDMP"), test::random_text(5000, 8),
                                  std::string("age-encryption.org/v2\nrest\n")}) {
    EXPECT_EQ(decrypt(text, keys_).status.error().code, Code::kUsage);
  }
}

TEST_F(Age, AnEndlessHeaderIsRefused) {
  const std::string file = std::string(kAgeVersionLine) + "-> " + std::string(2U << 20U, 'x');
  const Opened opened = decrypt(file, keys_);
  EXPECT_EQ(opened.status.error().code, Code::kCorrupt);
  EXPECT_THAT(opened.status.error().message, HasSubstr("too long"));
}

TEST_F(Age, AFailingSinkOrSourceIsPassedOn) {
  const std::string text = test::random_text(200000, 9);
  const std::string file = encrypt(text, lock_);
  for (const std::size_t good :
       {std::size_t{0}, std::size_t{100}, std::size_t{65800}, file.size() - 1}) {
    test::FailingSink sink(good);
    auto age = age_encrypt(sink, lock_);
    Status status = age ? (*age)->write(bytes_of(text)) : Status(age.error());
    if (status) status = (*age)->finish();
    ASSERT_FALSE(status) << good;
    EXPECT_EQ(status.error().code, Code::kNoSpace);
    EXPECT_FALSE(sink.finished());

    test::FailingSource source(file, good);
    auto opened = age_decrypt(source, keys_);
    const Status read = opened ? test::drain(**opened).status : Status(opened.error());
    ASSERT_FALSE(read) << good;
    EXPECT_EQ(read.error().message, "injected");
  }
}

TEST(AgeKeys, TheSpecificationsExample) {
  const auto identity = Identity::parse(kSpecIdentity);
  ASSERT_TRUE(identity);
  for (const unsigned char b : identity->key()) EXPECT_EQ(b, 0x42);
  EXPECT_EQ(identity->recipient().text, kSpecRecipient);
  EXPECT_EQ(identity->secret_text(), kSpecIdentity);
  const auto recipient = parse_recipient(kSpecRecipient);
  ASSERT_TRUE(recipient);
  EXPECT_EQ(recipient->key, identity->recipient().key);
}

TEST(AgeKeys, EveryTypingErrorIsFound) {
  const std::string good = kSpecRecipient;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == 'q' ? 'p' : 'q';
    EXPECT_FALSE(parse_recipient(bad)) << at;
    EXPECT_FALSE(parse_recipient(good.substr(0, at))) << at;
  }
  for (const char* bad : {"", "age1", "AGE1ZVKYG2LQ", "npub1xyz"}) {
    EXPECT_EQ(parse_recipient(bad).error().code, Code::kUsage);
    EXPECT_EQ(Identity::parse(bad).error().code, Code::kNoKey);
  }
  std::string lower = kSpecIdentity;
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  EXPECT_FALSE(Identity::parse(lower));  // age insists on capitals, so that a secret is seen as one
}

TEST(AgeKeys, ASecretIsNeverRepeated) {
  const auto as_recipient = parse_recipient(kSpecIdentity);
  ASSERT_FALSE(as_recipient);
  EXPECT_THAT(as_recipient.error().message, Not(HasSubstr("GFPYY")));
  std::string typo = kSpecIdentity;
  typo.back() = 'Q';
  for (const auto& error : {Identity::parse(typo).error(), parse_identity_file(typo).error()}) {
    EXPECT_THAT(error.message + error.hint, Not(HasSubstr("GFPYY")));
  }
}

TEST(AgeKeys, Files) {
  const auto identity = *Identity::parse(kSpecIdentity);
  const std::string file = identity_file_text(identity, "2026-11-21T02:00:00Z");
  EXPECT_EQ(file, std::string("# created: 2026-11-21T02:00:00Z\n# public key: ") + kSpecRecipient +
                      "\n" + kSpecIdentity + "\n");
  EXPECT_EQ(parse_identity_file(file)->size(), 1U);
  EXPECT_EQ(parse_identity_file(file + "\r\n\n" + kSpecIdentity + "\r\n")->size(), 2U);
  EXPECT_EQ(parse_identity_file("# nothing\n").error().code, Code::kNoKey);
  EXPECT_THAT(parse_identity_file(file + "garbage\n").error().message, HasSubstr("line 4"));
  EXPECT_THAT(parse_identity_file("AGE-PLUGIN-X-1QQ").error().message, HasSubstr("supported"));

  const std::string recipients = std::string("# us\n\n") + kSpecRecipient + "\n" + kSpecRecipient;
  EXPECT_EQ(parse_recipients_file(recipients)->size(), 2U);
  EXPECT_EQ(parse_recipients_file("\n# none\n").error().code, Code::kUsage);
  EXPECT_THAT(parse_recipients_file("\nage1x\n").error().message, HasSubstr("line 2"));
}

TEST(AgeKeys, AnEncryptedIdentityFileOpensWithItsPassphrase) {
  const std::string file = identity_file_text(*Identity::parse(kSpecIdentity), "now");
  const std::string locked = encrypt(file, {{}, "pass", 10});
  EXPECT_TRUE(is_age_file(locked));
  EXPECT_FALSE(is_age_file(file));
  EXPECT_EQ(open_identity_file(locked, "pass")->front().secret_text(), kSpecIdentity);
  EXPECT_EQ(open_identity_file(file, "pass")->front().secret_text(), kSpecIdentity);
  EXPECT_EQ(open_identity_file(locked, "wrong").error().code, Code::kNoKey);
  EXPECT_EQ(open_identity_file(locked, "").error().code, Code::kNoKey);
  EXPECT_EQ(parse_identity_file(locked).error().code, Code::kNoKey);
  EXPECT_EQ(
      open_identity_file(encrypt(std::string(100000, '\n'), {{}, "pass", 10}), "pass").error().code,
      Code::kNoKey);
}

TEST(AgeKeys, Generated) {
  const Identity a = *Identity::generate();
  const Identity b = *Identity::generate();
  EXPECT_NE(a.secret_text(), b.secret_text());
  EXPECT_EQ(Identity::parse(a.secret_text())->recipient().text, a.recipient().text);
  EXPECT_EQ(a.secret_text().size(), 74U);
  EXPECT_EQ(a.recipient().text.size(), 62U);
}

TEST(Bech32, Bip173Vectors) {
  for (const char* valid :
       {"A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tg"
        "s",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl"}) {
    const auto decoded = bech32_decode(valid);
    ASSERT_TRUE(decoded) << valid;
    EXPECT_EQ(bech32_encode(decoded->hrp, bytes_of(decoded->data)), valid);
  }
  for (const char* invalid : {"pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "A1G7SGD8",
                              "10a06t8", "1qzzfhee", "A12uEL5L", "de1lg7wt\xff",
                              "\x20"
                              "1nwldj5"}) {
    EXPECT_FALSE(bech32_decode(invalid)) << invalid;
  }
}

TEST(AgeHeader, TextRoundTripsWithBodiesOfEveryLength) {
  for (const std::size_t size : {0U, 1U, 32U, 47U, 48U, 49U, 96U, 200U}) {
    const std::vector<Stanza> stanzas{{{"type", "arg", "!~"}, test::random_text(size, 1)},
                                      {{"x"}, ""}};
    const std::string mac = test::random_text(32, 2);
    const std::string text = header_text(stanzas) + header_end(mac);
    const auto header = parse_header(text);
    ASSERT_TRUE(header) << size;
    EXPECT_EQ(header->mac, mac);
    EXPECT_EQ(header->authenticated, header_text(stanzas));
    ASSERT_EQ(header->stanzas.size(), 2U);
    EXPECT_EQ(header->stanzas[0].args, stanzas[0].args);
    EXPECT_EQ(header->stanzas[0].body, stanzas[0].body);
    EXPECT_FALSE(parse_header(text + "x"));
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      EXPECT_FALSE(parse_header(text.substr(0, cut))) << cut;
    }
  }
}

std::string armor(const std::string& raw) {
  std::string text = "-----BEGIN AGE ENCRYPTED FILE-----\n";
  const std::string base64 = base64_encode(bytes_of(raw));
  for (std::size_t at = 0; at < base64.size(); at += 64) text += base64.substr(at, 64) + "\n";
  return text + "-----END AGE ENCRYPTED FILE-----\n";
}

TEST_F(Age, ArmoredFilesOfEveryLineLength) {
  for (std::size_t size = 0; size < 60; ++size) {
    const std::string text = test::random_text(size, 1);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1} << 20U}) {
      const Opened opened = decrypt(armor(encrypt(text, lock_)), keys_, piece);
      EXPECT_TRUE(opened.status) << size;
      EXPECT_EQ(opened.text, text);
    }
  }
  const std::string large = armor(encrypt(test::random_text(200000, 2), lock_));
  EXPECT_TRUE(decrypt(large, keys_).status);
  EXPECT_TRUE(decrypt("\n \r\n" + large + " \n", keys_).status);
  EXPECT_FALSE(decrypt(large + "x", keys_).status);
  EXPECT_FALSE(decrypt(large + std::string(1025, ' '), keys_).status);
  EXPECT_FALSE(decrypt(std::string(1025, '\n') + large, keys_).status);
}

}  // namespace
}  // namespace pgdr::pipe
