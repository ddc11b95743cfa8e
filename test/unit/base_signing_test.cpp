#include "base/signing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/base64.hpp"
#include "base/file.hpp"
#include "base/process.hpp"

namespace pgdr {
namespace {

std::string unhex(const std::string& hex) {
  std::string raw;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    raw += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return raw;
}

struct Rfc8032 {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};
// RFC 8032, section 7.1: tests 1, 2 and 3.
constexpr Rfc8032 kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(Signing, Rfc8032Vectors) {
  for (const Rfc8032& v : kVectors) {
    const std::string raw = unhex(v.seed);
    std::array<unsigned char, 32> seed{};
    std::copy(raw.begin(), raw.end(), seed.begin());
    const auto key = SigningKey::from_seed(seed);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->public_text(), "ed25519:" + base64_encode(bytes_of(unhex(v.public_key))));
    const std::string message = unhex(v.message);
    const std::string signature = base64_encode(bytes_of(unhex(v.signature)));
    EXPECT_EQ(*key->sign(message), signature);
    EXPECT_TRUE(verify_signature(key->public_text(), message, signature));
    EXPECT_TRUE(verify_signature(key->public_text(), message, signature + "\n"));
    EXPECT_EQ(verify_signature(key->public_text(), message + "x", signature).error().code,
              Code::kCorrupt);
  }
}

TEST(Signing, EveryOtherSignatureOrKeyIsRefused) {
  const auto key = SigningKey::generate();
  const auto other = SigningKey::generate();
  const std::string signature = *key->sign("manifest");
  const auto verify = [&](const std::string& s) {
    return verify_signature(key->public_text(), "manifest", s);
  };
  EXPECT_TRUE(verify(signature));
  EXPECT_FALSE(verify_signature(other->public_text(), "manifest", signature));
  EXPECT_EQ(verify("").error().code, Code::kCorrupt);
  EXPECT_FALSE(verify(signature.substr(4)));
  EXPECT_FALSE(verify(signature + "\n\n"));
  EXPECT_FALSE(verify(" " + signature));
  std::string raw = *base64_decode(signature);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    raw[i] = static_cast<char>(raw[i] ^ 1);
    EXPECT_FALSE(verify(base64_encode(bytes_of(raw)))) << i;
    raw[i] = static_cast<char>(raw[i] ^ 1);
  }
  for (const char* bad : {"", "ed25519:", "ed25519:AAAA", "rsa:AAAA", "age1xyz"}) {
    EXPECT_EQ(verify_signature(bad, "manifest", signature).error().code, Code::kUsage);
    EXPECT_FALSE(check_public_key(bad));
  }
  EXPECT_TRUE(check_public_key(key->public_text()));
}

class SigningFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "pgdr-signing-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(SigningFile, PemRoundTripAndPermissions) {
  const auto key = SigningKey::generate();
  const std::string path = folder_ + "/key.pem";
  ASSERT_TRUE(write_file(path, *key->pem(), 0600));
  const auto loaded = SigningKey::load(path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->public_text(), key->public_text());
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  EXPECT_EQ(SigningKey::load(path).error().code, Code::kNoKey);
  EXPECT_EQ(SigningKey::load(folder_ + "/none").error().code, Code::kNoKey);
  EXPECT_EQ(SigningKey::from_pem("no key").error().code, Code::kNoKey);
}

// Our keys and signatures are OpenSSL's own formats: the program checks what we write.
TEST_F(SigningFile, TheOpensslProgramAgrees) {
  const auto key = SigningKey::generate();
  // The public key as doc/encryption.md makes a DER file of it.
  const std::string der("\060\052\060\005\006\003\053\145\160\003\041\000", 12);
  const std::string raw = *base64_decode(key->public_text().substr(8));
  ASSERT_TRUE(write_file(folder_ + "/key.der", der + raw, 0600));
  ASSERT_TRUE(write_file(folder_ + "/text", "manifest", 0600));
  ASSERT_TRUE(write_file(folder_ + "/sig", *base64_decode(*key->sign("manifest")), 0600));
  const auto verified = run_and_capture(
      {{"openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin", "-inkey",
        folder_ + "/key.der", "-sigfile", folder_ + "/sig", "-in", folder_ + "/text"},
       {},
       {}});
  EXPECT_TRUE(verified) << to_string(verified.error());
  ASSERT_TRUE(run_and_capture(
      {{"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder_ + "/theirs.pem"}, {}, {}}));
  std::filesystem::permissions(folder_ + "/theirs.pem", std::filesystem::perms(0600));
  EXPECT_TRUE(SigningKey::load(folder_ + "/theirs.pem"));
  ASSERT_TRUE(run_and_capture(
      {{"openssl", "genpkey", "-algorithm", "x25519", "-out", folder_ + "/wrong.pem"}, {}, {}}));
  std::filesystem::permissions(folder_ + "/wrong.pem", std::filesystem::perms(0600));
  EXPECT_EQ(SigningKey::load(folder_ + "/wrong.pem").error().code, Code::kNoKey);
}

TEST(Base64, Rfc4648Vectors) {
  const char* const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
  const char* const padded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(base64_encode(bytes_of(plain[i])), padded[i]);
    EXPECT_EQ(base64_decode(padded[i]), plain[i]);
    std::string bare = padded[i];
    bare.erase(bare.find_last_not_of('=') + 1);
    EXPECT_EQ(base64_encode(bytes_of(plain[i]), false), bare);
    EXPECT_EQ(base64_decode(bare, false), plain[i]);
    if (bare != padded[i]) {
      EXPECT_EQ(base64_decode(bare), std::nullopt);
      EXPECT_EQ(base64_decode(padded[i], false), std::nullopt);
    }
  }
}

TEST(Base64, OnlyCanonicalTextIsAccepted) {
  for (const char* bad : {"Zh==", "Zm9=", "Z===", "====", "Zg=", "Zg", "Zm 9", "Zm9v\n", "Zm-_",
                          "Zg==Zg==", "=Zm9"}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace pgdr
