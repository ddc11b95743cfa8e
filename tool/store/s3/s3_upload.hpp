// An object on its way into an S3 bucket.
#pragma once

#include <memory>
#include <string>

#include "store/s3/s3_client.hpp"

namespace pgdr::store {

// key: whole. Sends nothing before the first part is full or the upload is finished.
std::unique_ptr<Upload> start_s3_upload(S3Client& client, const std::string& key);

// The headers with which every object of the repository is written: storage class, encryption,
// object lock.
std::vector<NameValue> write_headers(const S3Client& client);

// Gives up a multipart upload and what was stored of it; one that is gone already counts as done.
Status abort_upload(S3Client& client, const std::string& key, const std::string& upload_id);

}  // namespace pgdr::store
