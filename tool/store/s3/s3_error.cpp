#include "store/s3/s3_error.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace pgdr::store {
namespace {

constexpr std::array<std::string_view, 17> kTransientCodes = {"InternalError",
                                                              "ServiceUnavailable",
                                                              "SlowDown",
                                                              "RequestTimeout",
                                                              "OperationAborted",
                                                              "ConditionalRequestConflict",
                                                              "TooManyRequests",
                                                              "Throttling",
                                                              "ThrottlingException",
                                                              "RequestLimitExceeded",
                                                              "BadDigest",
                                                              "XAmzContentSHA256Mismatch",
                                                              "IncompleteBody",
                                                              "BandwidthLimitExceeded",
                                                              "RequestThrottled",
                                                              "RateLimitExceeded",
                                                              kMalformedAnswer};

struct Meaning {
  std::string_view code;
  Code as;
  std::string_view hint;
};

constexpr std::array<Meaning, 14> kMeanings = {{
    {"NoSuchKey", Code::kNotFound, ""},
    {"NoSuchUpload", Code::kNotFound, ""},
    {"NoSuchBucket", Code::kRepositoryMissing,
     "is the name spelt correctly? pgdr does not make buckets: make it with your provider's tools"},
    {"AccessDenied", Code::kFailed,
     "the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload on "
     "the objects and s3:ListBucket, s3:ListBucketMultipartUploads on the bucket"},
    {"InvalidAccessKeyId", Code::kFailed, "the access key is unknown to the server"},
    {"SignatureDoesNotMatch", Code::kFailed,
     "is the secret key right, and does the endpoint see the host name it is asked for?"},
    {"ExpiredToken", Code::kFailed, "the session token has expired: get new credentials"},
    {"InvalidToken", Code::kFailed, "the session token is not valid: get new credentials"},
    {"RequestTimeTooSkewed", Code::kFailed, "set this host's clock"},
    {"QuotaExceeded", Code::kNoSpace, "raise the quota, or expire old backups"},
    {"InsufficientStorage", Code::kNoSpace, "the store is full"},
    {"InvalidStorageClass", Code::kUsage, "choose another storage_class for the repository"},
    {"AuthorizationHeaderMalformed", Code::kUsage, "set the repository's region"},
    {"PermanentRedirect", Code::kUsage, "set the repository's region and endpoint"},
}};

std::string_view words_for(int status) {
  switch (status) {
    case 301:
    case 307:
      return "the bucket is somewhere else";
    case 400:
      return "the server did not understand the request";
    case 403:
      return "access denied";
    case 404:
      return "not there";
    case 412:
      return "it has changed, or exists already";
    case 429:
      return "too many requests";
    case 500:
      return "internal error of the server";
    case 502:
    case 504:
      return "a gateway in front of the server failed";
    case 503:
      return "the server is overloaded";
    case 507:
      return "the store is full";
    default:
      return "unexpected answer";
  }
}

Code code_for(int status) {
  switch (status) {
    case 301:
    case 307:
      return Code::kUsage;
    case 404:
      return Code::kNotFound;
    case 412:
      return Code::kExists;
    case 507:
      return Code::kNoSpace;
    default:
      return Code::kFailed;
  }
}

}  // namespace

bool S3Reply::absent() const { return http.status == 404 && (code.empty() || code == "NoSuchKey"); }

bool S3Reply::unknown_condition() const {
  return http.status == 501 || code == "NotImplemented" ||
         (http.status == 400 && code == "InvalidArgument");
}

bool is_transient(const S3Reply& reply) {
  switch (reply.http.status) {
    case 408:
    case 425:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
    case 509:
      return true;
    default:
      return std::find(kTransientCodes.begin(), kTransientCodes.end(), reply.code) !=
             kTransientCodes.end();
  }
}

Error s3_error(const S3Reply& reply, const std::string& what, const std::string& bucket) {
  const int status = reply.http.status;
  std::string reason = reply.code.empty() ? std::string(words_for(status)) : reply.code;
  if (!reply.message.empty()) reason += fmt::format(" ({})", reply.message);
  Error error =
      Error::of(code_for(status), fmt::format("{}: {}, HTTP status {}", what, reason, status));
  for (const Meaning& meaning : kMeanings) {
    if (meaning.code != reply.code) continue;
    error.code = meaning.as;
    error.hint = meaning.hint;
  }
  if (error.code == Code::kUsage && !reply.region.empty()) {
    error.hint =
        fmt::format("the bucket {} is in region \"{}\": set region to that", bucket, reply.region);
  }
  if (reply.code.empty() && status == 403) {
    error.hint = "are the credentials right, and may they read and list this prefix?";
  }
  error.retryable = is_transient(reply);
  return error;
}

}  // namespace pgdr::store
