// The public age test vectors (test/vectors/age/README.md), every one with its class of failure.
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "pipe/age.hpp"
#include "pipe/age_armor.hpp"
#include "pipe/stages.hpp"
#include "streams.hpp"

namespace pgdr::pipe {
namespace {

// What an implementation that does not know the hybrid recipient type must report instead of what
// the vector says: its identities cannot be read, its stanzas are unknown. Where the vector is at
// fault in the generic header syntax, or in an X25519 stanza, its own expectation stands.
const std::map<std::string, std::string> kWithoutHybrid{
    {"armor_hybrid", "no match"},
    {"hybrid", "no match"},
    {"hybrid_and_x25519", "no match"},
    {"hybrid_bad_tag", "no match"},
    {"hybrid_currupted_enc_mlkem", "no match"},
    {"hybrid_currupted_enc_x25519", "no match"},
    {"hybrid_extra_argument", "no match"},
    {"hybrid_grease", "no match"},
    {"hybrid_identity", "no match"},
    {"hybrid_long_file_key", "no match"},
    {"hybrid_long_share", "no match"},
    {"hybrid_low_order", "no match"},
    {"hybrid_multiple_recipients", "no match"},
    {"hybrid_no_match", "no match"},
    {"hybrid_not_canonical_body", "header failure"},
    {"hybrid_not_canonical_enc", "no match"},
    {"hybrid_short_share", "no match"},
    {"hybrid_uppercase", "no match"},
    {"hybrid_x25519_arg", "header failure"},
};

struct Vector {
  std::string name;
  std::string expect;
  std::string payload;  // SHA-256, or empty
  bool armored = false;
  bool hybrid = false;
  Keys keys;
  std::string file;
};

void PrintTo(const Vector& vector, std::ostream* out) { *out << vector.name; }

std::string inflate(const std::string& packed) {
  std::string text;
  z_stream stream{};
  EXPECT_EQ(inflateInit(&stream), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string buffer(1 << 16, '\0');
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    state = ::inflate(&stream, Z_NO_FLUSH);
    text.append(buffer, 0, buffer.size() - stream.avail_out);
  }
  EXPECT_EQ(state, Z_STREAM_END);
  inflateEnd(&stream);
  return text;
}

Vector read_vector(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  const std::string text = all.str();
  const std::size_t split = text.find("\n\n");
  EXPECT_NE(split, std::string::npos);
  Vector vector;
  vector.name = path.filename();
  vector.file = text.substr(split + 2);
  std::istringstream head(text.substr(0, split + 1));
  for (std::string line; std::getline(head, line);) {
    const std::string key = line.substr(0, line.find(": "));
    const std::string value = line.substr(key.size() + 2);
    if (key == "expect") {
      vector.expect = value;
    } else if (key == "payload") {
      vector.payload = value;
    } else if (key == "armored") {
      vector.armored = value == "yes";
    } else if (key == "passphrase") {
      // Only the vector with two scrypt stanzas, which is refused whatever the key, has two.
      EXPECT_TRUE(vector.keys.passphrase.empty() || vector.name == "scrypt_double");
      vector.keys.passphrase = value;
    } else if (key == "compressed") {
      EXPECT_EQ(value, "zlib");
      vector.file = inflate(vector.file);
    } else if (key == "identity" && value.starts_with("AGE-SECRET-KEY-PQ-")) {
      vector.hybrid = true;
      EXPECT_FALSE(Identity::parse(value));
    } else if (key == "identity") {
      auto identity = Identity::parse(value);
      EXPECT_TRUE(identity) << value;
      vector.keys.identities.push_back(*identity);
    } else {
      EXPECT_TRUE(key == "file key" || key == "comment") << "unknown key " << key;
    }
  }
  return vector;
}

std::vector<Vector> all_vectors() {
  std::vector<Vector> vectors;
  for (const auto& entry : std::filesystem::directory_iterator(PGDR_VECTORS "/age")) {
    if (entry.path().filename() != "README.md") vectors.push_back(read_vector(entry.path()));
  }
  return vectors;
}

std::string class_of(const Error& error) {
  const auto has = [&](const char* part) { return error.message.find(part) != std::string::npos; };
  if (error.code == Code::kNoKey) return "no match";
  if (has("armor: ")) return "armor failure";
  if (has("header MAC: ")) return "HMAC failure";
  if (has("header: ")) return "header failure";
  if (has("payload: ")) return "payload failure";
  return "other: " + error.message;
}

struct Outcome {
  std::string result;
  std::string sha256;  // of what was given out before
};

Outcome run(const Vector& vector, std::size_t piece, bool explicit_armor) {
  test::DribblingSource file(vector.file, piece, 7);
  std::unique_ptr<Source> armor;
  if (explicit_armor) armor = armor_source(file);
  auto plain = age_decrypt(armor ? *armor : file, vector.keys);
  if (!plain) return {class_of(plain.error()), {}};
  const test::Drained drained = test::drain(**plain);
  auto hash = hash_sink(nullptr);
  EXPECT_TRUE(hash->write(bytes_of(drained.text)));
  EXPECT_TRUE(hash->finish());
  return {drained.status ? "success" : class_of(drained.status.error()), hash->digest().sha256};
}

class AgeVector : public testing::TestWithParam<Vector> {};

TEST_P(AgeVector, HasItsOutcome) {
  const Vector& vector = GetParam();
  std::string expect = vector.expect;
  if (vector.hybrid) {
    ASSERT_TRUE(kWithoutHybrid.contains(vector.name));
    expect = kWithoutHybrid.at(vector.name);
  }
  for (const std::size_t piece : {std::size_t{1} << 20U, std::size_t{1000}}) {
    const Outcome outcome = run(vector, piece, vector.armored);
    EXPECT_EQ(outcome.result, expect);
    if (!vector.payload.empty() && expect != "no match") {
      EXPECT_EQ(outcome.sha256, vector.payload);
    }
  }
  // The armor is also recognised without being told. Where its first line is spoilt the file is
  // no age file at all.
  const Outcome detected = run(vector, 1000, false);
  if (expect == "armor failure" && detected.result == "header failure") {
    EXPECT_FALSE(looks_armored(vector.file));
  } else {
    EXPECT_EQ(detected.result, expect);
  }
}

INSTANTIATE_TEST_SUITE_P(Cctv, AgeVector, testing::ValuesIn(all_vectors()),
                         [](const auto& vector) { return vector.param.name; });

TEST(AgeVectors, AreAllThere) {
  std::map<std::string, int> classes;
  int hybrid = 0;
  for (const Vector& vector : all_vectors()) {
    ++classes[vector.expect];
    hybrid += vector.hybrid ? 1 : 0;
  }
  const std::map<std::string, int> expected{{"success", 26},         {"no match", 13},
                                            {"HMAC failure", 1},     {"header failure", 62},
                                            {"payload failure", 19}, {"armor failure", 22}};
  EXPECT_EQ(classes, expected);
  EXPECT_EQ(hybrid, static_cast<int>(kWithoutHybrid.size()));
}

}  // namespace
}  // namespace pgdr::pipe
