// The four examples of "Signature Calculations for the Authorization Header" in the Amazon S3 API
// reference, and the encodings that go wrong elsewhere.
#include <gtest/gtest.h>

#include "store/digest.hpp"
#include "store/s3/sigv4.hpp"

namespace pgdr::store {
namespace {

const S3Credentials kExample = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                ""};
const std::string kHost = "examplebucket.s3.amazonaws.com";

Signature sign_example(SignedParts parts, const std::string& body = "",
                       const S3Credentials& credentials = kExample) {
  parts.headers.emplace_back("Host", kHost);
  parts.payload_sha256 = sha256_hex(bytes_of(body));
  return sign(parts, credentials, "us-east-1", *parse_iso("2013-05-24T00:00:00Z"));
}

std::string signature_of(const Signature& signature) {
  const std::string& header = signature.headers.back().second;
  return header.substr(header.find("Signature=") + 10);
}

TEST(SigV4, GetsAnObjectWithARange) {
  const Signature s = sign_example({"GET", "/test.txt", {}, {{"Range", "bytes=0-9"}}, ""});
  EXPECT_EQ(s.canonical_request,
            "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n"
            "x-amz-content-sha256:"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
            "x-amz-date:20130524T000000Z\n\nhost;range;x-amz-content-sha256;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(s.string_to_sign,
            "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
            "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
  EXPECT_EQ(s.headers.back().second,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, PutsAnObject) {
  const Signature s = sign_example(
      {"PUT",
       "/test$file.text",
       {},
       {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
       ""},
      "Welcome to Amazon S3.");
  EXPECT_TRUE(s.canonical_request.starts_with("PUT\n/test%24file.text\n\ndate:Fri, 24 May 2013"));
  EXPECT_EQ(signature_of(s), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, GetsABucketsLifecycle) {
  const Signature s = sign_example({"GET", "/", {{"lifecycle", ""}}, {}, ""});
  EXPECT_TRUE(s.canonical_request.starts_with("GET\n/\nlifecycle=\nhost:"));
  EXPECT_EQ(signature_of(s), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, ListsObjects) {
  const Signature s = sign_example({"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, ""});
  EXPECT_TRUE(s.canonical_request.starts_with("GET\n/\nmax-keys=2&prefix=J\nhost:"));
  EXPECT_EQ(signature_of(s), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, EncodesAPathOnceAndKeepsItsShape) {
  EXPECT_EQ(uri_encode("/a+b=c:d@e(f)", true), "/a%2Bb%3Dc%3Ad%40e%28f%29");
  EXPECT_EQ(uri_encode("/a%20b", true), "/a%2520b");
  EXPECT_EQ(uri_encode("/a/./../b//c", true), "/a/./../b//c");
  EXPECT_EQ(uri_encode("a/b", false), "a%2Fb");
  EXPECT_EQ(uri_encode("-._~AZaz09", false), "-._~AZaz09");
  EXPECT_EQ(uri_encode("caf\xC3\xA9 \xE2\x82\xAC", false), "caf%C3%A9%20%E2%82%AC");
  EXPECT_EQ(uri_encode(std::string("\0\x7f", 2), false), "%00%7F");
}

TEST(SigV4, SortsAQueryAfterEncodingIt) {
  EXPECT_EQ(encode_query({}), "");
  EXPECT_EQ(encode_query({{"uploads", ""}}), "uploads=");
  EXPECT_EQ(encode_query({{"uploadId", "a+/="}, {"partNumber", "2"}}),
            "partNumber=2&uploadId=a%2B%2F%3D");
  // Raw, '-' comes before 'A'; '{' after it, but as %7B before it.
  EXPECT_EQ(encode_query({{"A", "1"}, {"{", "2"}}), "%7B=2&A=1");
  EXPECT_EQ(encode_query({{"a", "2"}, {"a", "1"}}), "a=1&a=2");
  // By name alone, "a" before "a-b"; as whole strings "a-b=" would be first.
  EXPECT_EQ(encode_query({{"a-b", "1"}, {"a", "1"}}), "a=1&a-b=1");
}

TEST(SigV4, SignsAndSendsASessionToken) {
  S3Credentials temporary = kExample;
  temporary.session_token = "token/with+signs==";
  const Signature s = sign_example({"GET", "/", {}, {}, ""}, "", temporary);
  EXPECT_NE(s.canonical_request.find("\nx-amz-security-token:token/with+signs==\n"),
            std::string::npos);
  EXPECT_NE(s.headers.back().second.find(";x-amz-date;x-amz-security-token,"), std::string::npos);
  EXPECT_EQ(s.headers[2], NameValue("x-amz-security-token", "token/with+signs=="));
  EXPECT_NE(signature_of(s), signature_of(sign_example({"GET", "/", {}, {}, ""})));
}

TEST(SigV4, FoldsHeadersAsTheServerDoes) {
  const Signature s =
      sign_example({"GET", "/", {}, {{"X-Amz-Meta-B", "  two   blanks "}, {"A", ""}}, ""});
  EXPECT_NE(s.canonical_request.find("\na:\nhost:"), std::string::npos);
  EXPECT_NE(s.canonical_request.find("\nx-amz-meta-b:two blanks\n"), std::string::npos);
}

}  // namespace
}  // namespace pgdr::store
