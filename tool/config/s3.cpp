#include "config/s3.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace pgdr {
namespace {

constexpr int kLowestPart = 5;  // MiB; S3's own limit
constexpr int kHighestPart = 1024;
constexpr int kMostInFlight = 32;
constexpr int kHundredYears = 36500;

bool within(std::string_view text, std::string_view extra) {
  return std::all_of(text.begin(), text.end(), [extra](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

// Amazon's rule, with the capitals and underscores that older and other stores allow.
void check_bucket(Section& section, const std::string& bucket) {
  if (bucket.empty()) return;
  if (bucket.size() >= 3 && bucket.size() <= 255 && bucket.front() != '.' &&
      bucket.front() != '-' && within(bucket, std::string(kCapitals) + ".-_")) {
    return;
  }
  section.error("bucket", fmt::format("'{}' in {} is no name of a bucket", bucket, section.title()),
                "the bucket's name alone: the prefix and the endpoint have keys of their own");
}

void check_prefix(Section& section, std::string& prefix) {
  while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
  std::string_view rest = prefix;
  bool good = true;
  while (good && !rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    good = !part.empty() && part.front() != '.' && within(part, std::string(kCapitals) + "._-");
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  }
  if (good) return;
  section.error(
      "prefix", fmt::format("'{}' in {} is no prefix of names", prefix, section.title()),
      "parts of letters, digits, '.', '_' and '-', joined by '/', none beginning with '.'");
}

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host.starts_with("[::1]") || host == "localhost" ||
         host.starts_with("localhost:");
}

void check_endpoint(Section& section, std::string& endpoint, bool allow_http) {
  if (endpoint.empty()) return;
  if (endpoint.back() == '/') endpoint.pop_back();
  const bool https = endpoint.starts_with("https://");
  const bool http = endpoint.starts_with("http://");
  const std::string_view host = std::string_view(endpoint).substr(https ? 8 : http ? 7 : 0);
  if ((!https && !http) || host.empty() || !within(host, std::string(kCapitals) + ".-:[]")) {
    section.error("endpoint", fmt::format("'{}' in {} is no endpoint", endpoint, section.title()),
                  "write it like https://s3.example.com or https://10.0.0.5:9000, without a path");
    return;
  }
  if (http && !allow_http && !is_loopback(host)) {
    section.error("endpoint",
                  fmt::format("the endpoint of {} is not encrypted (http)", section.title()),
                  "use https (with ca_file for a private authority), or say allow_http = true");
  }
}

void check_choice(Section& section, std::string_view key, const std::string& value,
                  std::initializer_list<std::string_view> choices) {
  if (value.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return;
  section.error(key, fmt::format("'{}' in {} is '{}'", key, section.title(), value),
                fmt::format("choices: {}", fmt::join(choices, ", ")));
}

// The keys that both kinds have, once it is known which keys there may be.
void read_common(Section& section, S3Config& out) {
  if (!section.has("bucket")) section.error("bucket", section.title() + " lacks 'bucket'");
  section.text("bucket", out.bucket);
  check_bucket(section, out.bucket);
  section.text("prefix", out.prefix);
  check_prefix(section, out.prefix);
  bool allow_http = false;
  section.flag("allow_http", allow_http);
  section.text("endpoint", out.endpoint);
  check_endpoint(section, out.endpoint, allow_http);
  section.text("storage_class", out.storage_class);
  if (!within(out.storage_class, std::string(kCapitals) + "_-")) {
    section.error("storage_class", fmt::format("'{}' in {} is no storage class", out.storage_class,
                                               section.title()));
  }
  section.text("kms_key_id", out.kms_key_id);
  if (!within(out.kms_key_id, std::string(kCapitals) + "-_:/.")) {
    section.error("kms_key_id", fmt::format("'kms_key_id' in {} is no key", section.title()));
  }
  section.path("credentials_file", out.credentials_file);
  section.text("profile", out.profile);
  section.path("ca_file", out.ca_file);
  section.integer("parts_in_flight", out.parts_in_flight, 1, kMostInFlight);
  section.integer("part_size_mib", out.part_size_mib, kLowestPart, kHighestPart);
}

}  // namespace

void read_s3_repository(Section& section, S3Config& out) {
  section.allow_only({"type", "bucket", "prefix", "endpoint", "region", "path_style",
                      "storage_class", "server_side_encryption", "kms_key_id", "object_lock_mode",
                      "object_lock_days", "credentials_file", "profile", "ca_file", "allow_http",
                      "parts_in_flight", "part_size_mib", "bandwidth_limit"});
  read_common(section, out);
  section.text("region", out.region);
  if (!within(out.region, "-_")) {
    section.error("region", fmt::format("'{}' in {} is no region", out.region, section.title()),
                  "regions are written like eu-central-1");
  }
  if (section.has("path_style")) {
    bool path_style = false;
    section.flag("path_style", path_style);
    out.path_style = path_style;
  }
  section.text("server_side_encryption", out.server_side_encryption);
  check_choice(section, "server_side_encryption", out.server_side_encryption,
               {"AES256", "aws:kms", "aws:kms:dsse"});
  if (!out.kms_key_id.empty() && !out.server_side_encryption.starts_with("aws:kms")) {
    section.error("kms_key_id",
                  fmt::format("'kms_key_id' in {} needs server_side_encryption = \"aws:kms\"",
                              section.title()));
  }
  section.text("object_lock_mode", out.object_lock_mode);
  check_choice(section, "object_lock_mode", out.object_lock_mode, {"GOVERNANCE", "COMPLIANCE"});
  section.integer("object_lock_days", out.object_lock_days, 1, kHundredYears);
  if (section.has("object_lock_mode") != section.has("object_lock_days")) {
    section.error("object_lock_mode",
                  fmt::format("{} has only one of 'object_lock_mode' and 'object_lock_days'",
                              section.title()),
                  "give both, or neither");
  }
}

void read_gcs_repository(Section& section, S3Config& out) {
  section.allow_only({"type", "bucket", "prefix", "endpoint", "storage_class", "kms_key_id",
                      "credentials_file", "profile", "ca_file", "allow_http", "parts_in_flight",
                      "part_size_mib", "bandwidth_limit"});
  out.google = true;
  read_common(section, out);
  // AWS_ACCESS_KEY_ID in the environment is most likely somebody else's.
  if (!section.has("credentials_file") && !section.has("profile")) {
    section.error("credentials_file",
                  fmt::format("{} has neither 'credentials_file' nor 'profile'", section.title()),
                  "make an HMAC key of a service account (gcloud storage hmac create ACCOUNT), and "
                  "write it into a file as doc/repositories.md shows");
  }
}

std::string s3_place(const S3Config& config) {
  return fmt::format("{}://{}{}{}{}{}", config.google ? "gs" : "s3", config.bucket,
                     config.prefix.empty() ? "" : "/", config.prefix,
                     config.endpoint.empty() ? "" : " at ", config.endpoint);
}

}  // namespace pgdr
