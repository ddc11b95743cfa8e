// The S3 store: AWS and what speaks its interface (Ceph, MinIO, …).
//
// Objects become visible whole or not at all: a small one by a single PUT, a large one by a
// multipart upload that counts as complete only with a well-formed result and the right size.
// Transfers carry SHA-256 (signed) and MD5. Requests are signed again for each try. Memory of an
// upload: one part being filled, and at most max(parts_in_flight * part_size, 96 MiB) on the way
// (one part where a single one is larger; see part_plan.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "store/s3/credentials.hpp"
#include "net/http.hpp"
#include "store/retry.hpp"
#include "store/store.hpp"

namespace pgdr::store {

struct S3Options {
  S3Config config;  // what the operator chose
  CredentialSource credentials;
  HttpOptions http;
  RetryPolicy retry = default_retry_policy();
  const Clock* clock = &system_clock();
  // Of each request that uploads; 0: none. with_bandwidth_limit() around the store holds the whole
  // within a limit; this keeps a part from leaving at full speed once it is filled.
  std::uint64_t bytes_per_second = 0;
  // A lock that its holder has not renewed for so long is free; it is renewed every third of it.
  std::chrono::milliseconds lock_lifetime{600000};
  // Where the store honours no conditional writes: how long a lock is watched for a rival before it
  // counts as taken.
  std::chrono::milliseconds lock_settle{3000};
};

// From the configuration, the process's environment and the operator's files.
S3Options s3_options(const S3Config& config);

// Nothing is sent yet. kUsage: no credentials, no region, a malformed endpoint.
Result<std::unique_ptr<Store>> open_s3(S3Options options);

}  // namespace pgdr::store
