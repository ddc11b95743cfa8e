// AWS Signature Version 4 for S3: pure functions from a request to its Authorization header.
//
// Source: "Authenticating Requests: Using the Authorization Header" of the Amazon S3 API reference.
// S3 differs from other services in two ways that matter here: a path is encoded once and never
// normalised, and x-amz-content-sha256 is always sent and signed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace pgdr::store {

struct S3Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // empty: long-lived keys
  bool operator==(const S3Credentials&) const = default;
};

using NameValue = std::pair<std::string, std::string>;

// Google's is the same under other names ("V4 signing process with Cloud Storage HMAC keys"). A
// request may carry headers of one kind alone, so the extension headers decide the scheme.
struct SigningScheme {
  const char* algorithm;
  const char* key_prefix;
  const char* service;
  const char* terminator;
  const char* header_prefix;  // of the headers that the scheme adds
};
inline constexpr SigningScheme kAmazonScheme{"AWS4-HMAC-SHA256", "AWS4", "s3", "aws4_request",
                                             "x-amz-"};
inline constexpr SigningScheme kGoogleScheme{"GOOG4-HMAC-SHA256", "GOOG4", "storage",
                                             "goog4_request", "x-goog-"};

// Everything raw: nothing is percent-encoded yet.
struct SignedParts {
  std::string method;              // "GET"
  std::string path;                // "/bucket/key" or "/key"; begins with '/'
  std::vector<NameValue> query;    // any order
  std::vector<NameValue> headers;  // any order and case, with Host; without what sign() adds
  std::string payload_sha256;      // 64 hexadecimal digits
};

struct Signature {
  std::string canonical_request;
  std::string string_to_sign;
  // To send besides the given ones: x-amz-content-sha256, x-amz-date, x-amz-security-token (where
  // there is one) and, last, Authorization.
  std::vector<NameValue> headers;
};

// Percent-encodes every byte but A-Z a-z 0-9 - . _ ~ (and '/' where kept), upper-case digits.
std::string uri_encode(std::string_view text, bool keep_slash);
// "a=1&b=": each name and value encoded, then sorted by encoded name and value. What is signed is
// also what must be sent.
std::string encode_query(const std::vector<NameValue>& query);

Signature sign(const SignedParts& parts, const S3Credentials& credentials,
               const std::string& region, Time now, const SigningScheme& scheme = kAmazonScheme);

}  // namespace pgdr::store
