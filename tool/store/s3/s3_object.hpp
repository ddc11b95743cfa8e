// Reading whole objects of an S3 bucket. Keys are whole ones (S3Client::full_key).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/s3/s3_client.hpp"

namespace pgdr::store {

struct S3Head {
  std::uint64_t size = 0;
  Time modified{};
  std::string etag;  // as sent, with its quotes
};

// nullopt: certainly absent, the bucket itself being there.
Result<std::optional<S3Head>> head_object(S3Client& client, const std::string& key);

// From offset to the end. A download that breaks goes on from the offset reached, with If-Match on
// the entity tag: a mixture of two objects is impossible, a replaced one is kCorrupt.
Result<std::unique_ptr<Source>> open_object(S3Client& client, const std::string& key,
                                            std::uint64_t offset);

// The bytes from offset on, `length` of them (at least 1) or up to the object's end, by a single
// request.
Result<std::unique_ptr<Source>> open_object_range(S3Client& client, const std::string& key,
                                                  std::uint64_t offset, std::uint64_t length);

// A stretch of content: its length and SHA-256 (hexadecimal).
struct Stretch {
  std::uint64_t size = 0;
  std::string sha256;
};

// Is the stored object exactly these stretches in order? Reads it. kNotFound when it is absent.
Result<bool> same_content(S3Client& client, const std::string& key,
                          const std::vector<Stretch>& stretches);

}  // namespace pgdr::store
