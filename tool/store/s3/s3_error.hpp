// What the answers of an S3 store mean: which may pass, and the error in words with its remedy.
#pragma once

#include <string>

#include "base/result.hpp"
#include "store/s3/s3_client.hpp"

namespace pgdr::store {

// The code given to a success whose body is not what it should be.
inline constexpr const char* kMalformedAnswer = "MalformedAnswer";

// Another try may bring another answer: overload, throttling, a broken answer, a damaged transfer.
bool is_transient(const S3Reply& reply);

// "what: reason"; retryable when transient.
Error s3_error(const S3Reply& reply, const std::string& what, const std::string& bucket);

}  // namespace pgdr::store
