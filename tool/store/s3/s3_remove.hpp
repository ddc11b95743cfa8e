// Removing objects of an S3 bucket. Keys are whole ones (S3Client::full_key).
#pragma once

#include <string>
#include <vector>

#include "store/s3/s3_client.hpp"

namespace pgdr::store {

// Absent: success, provided that the bucket is there.
Status remove_object(S3Client& client, const std::string& key);

// As Store::remove_many: many at a time by the request that deletes up to 1,000 objects, where the
// store knows it; one by one otherwise. Google's interface is never asked for it: some of its
// endpoints refuse it, others do not.
Status remove_objects(S3Client& client, const std::vector<std::string>& keys);

}  // namespace pgdr::store
