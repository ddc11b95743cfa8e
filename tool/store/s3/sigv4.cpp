#include "store/s3/sigv4.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "store/digest.hpp"

namespace pgdr::store {
namespace {

bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// Trimmed, inner runs of spaces as one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// "20130524T000000Z"
std::string amz_date(Time now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<std::chrono::seconds> time(
      std::chrono::floor<std::chrono::seconds>(now - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace

std::string uri_encode(std::string_view text, bool keep_slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c) || (keep_slash && c == '/')) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::string encode_query(const std::vector<NameValue>& query) {
  std::vector<NameValue> encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) {
    encoded.emplace_back(uri_encode(name, false), uri_encode(value, false));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string out;
  for (const auto& [name, value] : encoded) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

Signature sign(const SignedParts& parts, const S3Credentials& credentials,
               const std::string& region, Time now, const SigningScheme& scheme) {
  Signature out;
  const std::string date = amz_date(now);
  const std::string day = date.substr(0, 8);
  const std::string prefix = scheme.header_prefix;
  out.headers.emplace_back(prefix + "content-sha256", parts.payload_sha256);
  out.headers.emplace_back(prefix + "date", date);
  if (!credentials.session_token.empty()) {
    out.headers.emplace_back(prefix + "security-token", credentials.session_token);
  }

  std::vector<NameValue> headers;
  for (const auto* list :
       {&parts.headers, static_cast<const std::vector<NameValue>*>(&out.headers)}) {
    for (const auto& [name, value] : *list) {
      headers.emplace_back(lower(name), canonical_value(value));
    }
  }
  std::stable_sort(headers.begin(), headers.end(),
                   [](const NameValue& a, const NameValue& b) { return a.first < b.first; });
  std::string canonical_headers;
  std::string signed_names;
  for (const auto& [name, value] : headers) {
    canonical_headers += fmt::format("{}:{}\n", name, value);
    if (!signed_names.empty()) signed_names += ';';
    signed_names += name;
  }

  out.canonical_request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", parts.method, uri_encode(parts.path, true),
                  encode_query(parts.query), canonical_headers, signed_names, parts.payload_sha256);
  const std::string scope =
      fmt::format("{}/{}/{}/{}", day, region, scheme.service, scheme.terminator);
  out.string_to_sign = fmt::format("{}\n{}\n{}\n{}", scheme.algorithm, date, scope,
                                   sha256_hex(bytes_of(out.canonical_request)));

  std::string key = scheme.key_prefix + credentials.secret_key;
  for (const std::string& step :
       {day, region, std::string(scheme.service), std::string(scheme.terminator)}) {
    key = hmac_sha256(key, step);
  }
  out.headers.emplace_back(
      "Authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}",
                                   scheme.algorithm, credentials.access_key, scope, signed_names,
                                   to_hex(hmac_sha256(key, out.string_to_sign))));
  return out;
}

}  // namespace pgdr::store
