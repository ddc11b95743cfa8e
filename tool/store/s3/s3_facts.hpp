// What `pgdr doctor` should know about a bucket. Used by probe.cpp.
#pragma once

#include <vector>

#include "store/probe.hpp"
#include "store/s3/s3_client.hpp"

namespace pgdr::store {

// Encryption on the way; versioning, object lock and conditional writes of the bucket, as far as
// the server tells. Takes and releases a lock of its own to try conditions out.
std::vector<StoreFact> s3_facts(S3Client& client);

}  // namespace pgdr::store
