// Answers of an object store.

#include "fuzz/fuzz.hpp"
#include "store/s3/s3_error.hpp"
#include "store/s3/s3_xml.hpp"

namespace pgdr {

PGDR_FUZZ_TARGET(s3_xml, input) {
  const std::string root = store::root_name(input);
  const auto fault = store::parse_fault(input);
  const auto page = store::parse_page(input);
  const auto unfinished = store::parse_unfinished(input);
  const auto removals = store::parse_removals(input);
  const auto upload = store::parse_upload_id(input);
  const auto etag = store::parse_completed_etag(input);
  if (root.empty()) {
    fuzz::require(!fault && !page && !unfinished && !removals && !upload && !etag,
                  "read out of what is no document");
  }
  fuzz::require(int{page.has_value()} + int{unfinished.has_value()} + int{removals.has_value()} +
                        int{upload.has_value()} + int{etag.has_value()} + int{fault.has_value()} <=
                    1,
                "one document of two kinds");
  store::S3Reply reply;
  reply.http.status = 403;
  reply.http.body = input;
  if (fault) {
    reply.code = fault->code;
    reply.message = fault->message;
    reply.region = fault->region;
  }
  store::is_transient(reply);
  fuzz::require(!store::s3_error(reply, "list x", "bucket").message.empty(), "no words");
  if (removals) {
    std::vector<std::string> keys;
    for (const auto& one : *removals) keys.push_back(one.key);
    fuzz::require(!store::root_name(store::delete_document(keys)).empty(),
                  "a request that is no document");
  }
}

}  // namespace pgdr
