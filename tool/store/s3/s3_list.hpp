// Listings of an S3 bucket: complete, or an error. An error on any page, an answer that does not
// parse, a page that leads nowhere or back, a key outside the prefix: all errors (HAZARDS 6: an
// error read as "empty" deletes backups).
#pragma once

#include <string>
#include <vector>

#include "store/s3/s3_client.hpp"
#include "store/s3/s3_xml.hpp"

namespace pgdr::store {

// Whole keys that begin with prefix (whole as well), sorted.
Result<std::vector<S3Object>> list_objects(S3Client& client, const std::string& prefix);
// Multipart uploads that were neither completed nor aborted.
Result<std::vector<S3Unfinished>> list_unfinished(S3Client& client, const std::string& prefix);

}  // namespace pgdr::store
