#include "store/s3/s3_list.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pgdr::store {
namespace {

Error broken(const S3Client& client, const std::string& prefix, const std::string& how) {
  return Error::of(Code::kFailed, fmt::format("cannot list {}: {}", client.shown(prefix), how));
}

S3Request page_request(const std::string& prefix) {
  S3Request request;
  request.method = "GET";
  // Encoded keys: some characters that a foreign object's name may hold cannot be written in XML.
  request.query = {{"prefix", prefix}, {"encoding-type", "url"}};
  return request;
}

}  // namespace

Result<std::vector<S3Object>> list_objects(S3Client& client, const std::string& prefix) {
  std::vector<S3Object> objects;
  std::string token;
  do {
    S3Request request = page_request(prefix);
    request.query.emplace_back("list-type", "2");
    request.expect_root = "ListBucketResult";
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    PGDR_TRY(const S3Reply reply, client.call(request));
    if (!reply.ok()) {
      return client.failure(reply, fmt::format("cannot list {}", client.shown(prefix)));
    }
    std::optional<S3Page> page = parse_page(reply.http.body);
    if (!page) return broken(client, prefix, "the server's answer is malformed");
    if (!page->next.empty() && (page->next == token || page->objects.empty())) {
      return broken(client, prefix, "the server's pages lead nowhere");
    }
    for (S3Object& object : page->objects) {
      if (!object.key.starts_with(prefix)) {
        return broken(client, prefix, "the server lists a key outside the prefix");
      }
      objects.push_back(std::move(object));
    }
    token = page->next;
  } while (!token.empty());
  std::sort(objects.begin(), objects.end(),
            [](const S3Object& a, const S3Object& b) { return a.key < b.key; });
  const auto same = [](const S3Object& a, const S3Object& b) { return a.key == b.key; };
  if (std::adjacent_find(objects.begin(), objects.end(), same) != objects.end()) {
    return broken(client, prefix, "the server lists a key twice");
  }
  return objects;
}

Result<std::vector<S3Unfinished>> list_unfinished(S3Client& client, const std::string& prefix) {
  std::vector<S3Unfinished> uploads;
  std::string key;
  std::string id;
  for (;;) {
    S3Request request = page_request(prefix);
    request.query.emplace_back("uploads", "");
    request.expect_root = "ListMultipartUploadsResult";
    if (!key.empty()) request.query.emplace_back("key-marker", key);
    if (!id.empty()) request.query.emplace_back("upload-id-marker", id);
    PGDR_TRY(const S3Reply reply, client.call(request));
    if (!reply.ok()) {
      return client.failure(
          reply, fmt::format("cannot list the unfinished uploads of {}", client.shown(prefix)));
    }
    std::optional<S3UnfinishedPage> page = parse_unfinished(reply.http.body);
    if (!page) return broken(client, prefix, "the server's answer about uploads is malformed");
    for (S3Unfinished& upload : page->uploads) {
      // Some stores know no prefix here: what is not ours must not be touched.
      if (upload.key.starts_with(prefix)) uploads.push_back(std::move(upload));
    }
    if (!page->truncated) return uploads;
    if (page->next_key == key && page->next_upload_id == id) {
      return broken(client, prefix, "the server's pages lead nowhere");
    }
    key = page->next_key;
    id = page->next_upload_id;
  }
}

}  // namespace pgdr::store
