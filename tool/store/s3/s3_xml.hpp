// The XML documents of the S3 interface: strict reading of answers, writing of the one request.
//
// Every reader refuses (nullopt) what is not exactly the expected document: cut, empty, HTML,
// another root, a field missing or malformed. Namespaces are ignored, as stores differ in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace pgdr::store {

struct S3Fault {  // <Error>
  std::string code;
  std::string message;
  std::string region;  // where the bucket is, with AuthorizationHeaderMalformed and redirects
};

struct S3Object {
  std::string key;
  std::uint64_t size = 0;
  Time modified{};
};

struct S3Page {  // <ListBucketResult>, version 2
  std::vector<S3Object> objects;
  std::string next;  // continuation token; empty: the last page
};

struct S3Unfinished {
  std::string key;
  std::string upload_id;
  Time started{};
};

struct S3UnfinishedPage {  // <ListMultipartUploadsResult>
  std::vector<S3Unfinished> uploads;
  bool truncated = false;
  std::string next_key;
  std::string next_upload_id;
};

struct S3Removal {  // <DeleteResult>: what the store says of one key
  std::string key;
  std::string error;  // its code; empty: deleted, or not there before
};

std::string root_name(std::string_view document);  // empty: not well-formed XML
std::optional<S3Fault> parse_fault(std::string_view document);
std::optional<std::string> parse_upload_id(std::string_view document);
// Empty where the store leaves the element empty, as Ceph 16 does.
std::optional<std::string> parse_completed_etag(std::string_view document);
std::optional<S3Page> parse_page(std::string_view document);
std::optional<S3UnfinishedPage> parse_unfinished(std::string_view document);

std::optional<std::vector<S3Removal>> parse_removals(std::string_view document);

// <Delete> of these whole keys; the answer names each.
std::string delete_document(const std::vector<std::string>& keys);
// <CompleteMultipartUpload> for parts 1, 2, …
std::string complete_document(const std::vector<std::string>& etags);

}  // namespace pgdr::store
