#include "store/s3/s3_remove.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/log.hpp"
#include "base/parallel.hpp"
#include "store/digest.hpp"
#include "store/s3/s3_xml.hpp"

namespace pgdr::store {
namespace {

// The interface's own limit.
constexpr std::size_t kMostKeys = 1000;
// Some stores delete the keys of a request one after the other: several requests are on the way at
// once as soon as each has enough to do.
constexpr std::size_t kRequests = 8;
constexpr std::size_t kFewKeys = 50;
// A store answers when the last key is done, and may take tens of milliseconds for each.
constexpr std::chrono::milliseconds kDeleteStall{300000};

Status one_by_one(S3Client& client, const std::vector<std::string>& keys) {
  return for_each_parallel(keys.size(),
                           [&](std::size_t i) { return remove_object(client, keys[i]); });
}

// The request itself, not one of its keys, is what the store does not know or does not like.
bool unknown_request(const S3Reply& reply) {
  const int status = reply.http.status;
  return status == 501 || status == 405 || reply.code == "NotImplemented" ||
         reply.code == "MethodNotAllowed" || (status == 400 && reply.code == "InvalidArgument");
}

// Keys that the answer does not confirm are removed one by one: what the store says then of one
// object is its word on that object, and what passes is tried again.
Status remove_slice(S3Client& client, const std::vector<std::string>& keys) {
  if (keys.size() < 2 || client.google() || !client.multi_delete) return one_by_one(client, keys);
  const std::string document = delete_document(keys);
  S3Request request;
  request.method = "POST";
  request.query = {{"delete", ""}};
  request.headers = {{"Content-Type", "application/xml"}};
  // One of the two is demanded. Not both: some stores know only the older.
  if (const std::optional<std::string> digest = md5(bytes_of(document))) {
    request.headers.emplace_back("Content-MD5", base64_encode(bytes_of(*digest)));
  } else {
    request.headers.emplace_back("x-amz-checksum-sha256",
                                 base64_encode(bytes_of(sha256(bytes_of(document)))));
  }
  request.body = bytes_of(document);
  request.expect_root = "DeleteResult";
  request.stall_timeout = kDeleteStall;
  PGDR_TRY(const S3Reply reply, client.call(request));
  if (!reply.ok()) {
    if (!unknown_request(reply)) {
      return client.failure(
          reply, fmt::format("cannot remove {} objects of {}", keys.size(), client.location()));
    }
    client.multi_delete = false;
    log_verbose(fmt::format("{} does not delete many objects by one request: they go one by one",
                            client.location()));
    return one_by_one(client, keys);
  }
  const auto removals = parse_removals(reply.http.body);
  if (!removals) {
    return Error::of(Code::kFailed,
                     fmt::format("cannot remove {} objects of {}: the answer is malformed",
                                 keys.size(), client.location()));
  }
  std::set<std::string> left(keys.begin(), keys.end());
  for (const S3Removal& removal : *removals) {
    if (removal.error.empty() || removal.error == "NoSuchKey") left.erase(removal.key);
  }
  return one_by_one(client, {left.begin(), left.end()});
}

}  // namespace

Status remove_object(S3Client& client, const std::string& key) {
  S3Request request;
  request.method = "DELETE";
  request.key = key;
  PGDR_TRY(const S3Reply reply, client.call(request));
  if (reply.ok()) return success();
  if (reply.absent()) return client.check_bucket();
  return client.failure(reply, fmt::format("cannot remove {}", client.shown(key)));
}

Status remove_objects(S3Client& client, const std::vector<std::string>& keys) {
  const std::size_t size =
      std::clamp((keys.size() + kRequests - 1) / kRequests, kFewKeys, kMostKeys);
  return for_each_parallel((keys.size() + size - 1) / size, [&](std::size_t i) {
    const auto from = keys.begin() + static_cast<std::ptrdiff_t>(i * size);
    const auto to =
        keys.begin() + static_cast<std::ptrdiff_t>(std::min((i + 1) * size, keys.size()));
    return remove_slice(client, {from, to});
  });
}

}  // namespace pgdr::store
