#include "store/s3/s3_facts.hpp"

#include <fmt/format.h>

#include "store/s3/s3_lock.hpp"
#include "store/s3/s3_xml.hpp"

namespace pgdr::store {
namespace {

// The document of a bucket's sub-resource; nullopt: refused, unknown, or another document.
std::optional<std::string> ask(S3Client& client, const std::string& resource,
                               std::string_view root) {
  S3Request request;
  request.method = "GET";
  request.query = {{resource, ""}};
  request.cleanup = true;  // with few tries: nothing depends on it
  const Result<S3Reply> reply = client.call(request);
  if (!reply || !reply->ok() || root_name(reply->http.body) != root) return std::nullopt;
  return reply->http.body;
}

bool holds(const std::string& document, const std::string& element) {
  return document.find(element) != std::string::npos;
}

}  // namespace

std::vector<StoreFact> s3_facts(S3Client& client) {
  std::vector<StoreFact> facts;
  const S3Config& config = client.options().config;
  if (config.endpoint.starts_with("http://")) {
    facts.push_back({false,
                     "the endpoint is not encrypted: who listens sees names and sizes, and "
                     "may tamper with listings",
                     "use https, with ca_file for a private authority"});
  } else {
    facts.push_back({true,
                     config.ca_file.empty() ? "encrypted on the way, certificate verified"
                                            : "encrypted on the way, certificate verified "
                                              "with " +
                                                  config.ca_file,
                     {}});
  }
  if (const auto versioning = ask(client, "versioning", "VersioningConfiguration")) {
    if (holds(*versioning, "<Status>Enabled</Status>")) {
      facts.push_back({true,
                       "the bucket keeps old versions: what is deleted can be brought back, and "
                       "takes room until a lifecycle rule ends it",
                       {}});
    } else {
      facts.push_back({true, "the bucket keeps no old versions: what is deleted is gone", {}});
    }
  }
  const auto locking = ask(client, "object-lock", "ObjectLockConfiguration");
  const bool lockable =
      locking && holds(*locking, "<ObjectLockEnabled>Enabled</ObjectLockEnabled>");
  if (config.object_lock_days > 0 && !lockable) {
    facts.push_back({false,
                     "object_lock_days is set, and the bucket is not known to have object lock",
                     "object lock is given to a bucket when it is made; without it uploads fail"});
  } else if (lockable) {
    facts.push_back({true,
                     config.object_lock_days > 0
                         ? fmt::format("each object is locked for {} days ({})",
                                       config.object_lock_days, config.object_lock_mode)
                         : std::string("the bucket has object lock, which object_lock_days "
                                       "does not use"),
                     {}});
  }
  // Objects under lock cannot be taken away again: not even the trial's.
  if (config.object_lock_days > 0) return facts;
  if (const auto lease = lock_object(client, client.full_key(".lock-doctor-probe"))) {
    if (client.conditional) {
      facts.push_back({true, "conditional writes are honoured", {}});
    } else {
      facts.push_back({false,
                       "conditional writes are not honoured: locks and the refusal to "
                       "overwrite are weaker",
                       "run the backups of one set from one host"});
    }
  }
  return facts;
}

}  // namespace pgdr::store
