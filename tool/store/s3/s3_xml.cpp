#include "store/s3/s3_xml.hpp"

#include <charconv>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace pgdr::store {
namespace {

// "s3:Key" is "Key".
std::string_view local_name(const pugi::xml_node& node) {
  std::string_view name = node.name();
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& each : node.children()) {
    if (each.type() == pugi::node_element && local_name(each) == name) return each;
  }
  return {};
}

std::string text(const pugi::xml_node& node, std::string_view name) {
  return child(node, name).text().get();
}

// The root element when it is called `name` and the document is well-formed; else an empty node.
// Nothing but one element, comments and white space may be outside.
pugi::xml_node root_of(pugi::xml_document& document, std::string_view source) {
  // No document type is ever needed, and pugixml expands no entity but the five of XML itself.
  const pugi::xml_parse_result parsed =
      document.load_buffer(source.data(), source.size(),
                           pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
  if (!parsed) return {};
  pugi::xml_node root;
  for (const pugi::xml_node& each : document.children()) {
    if (each.type() != pugi::node_element) continue;
    if (root) return {};
    root = each;
  }
  return root;
}

pugi::xml_node root_named(pugi::xml_document& document, std::string_view source,
                          std::string_view name) {
  const pugi::xml_node root = root_of(document, source);
  return local_name(root) == name ? root : pugi::xml_node();
}

std::optional<std::uint64_t> number(const std::string& digits) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || error != std::errc() || at != end) return std::nullopt;
  return value;
}

std::optional<bool> truth(const std::string& word) {
  if (word == "true") return true;
  if (word == "false") return false;
  return std::nullopt;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// encoding-type=url: keys arrive percent-encoded, a blank perhaps as '+'.
std::optional<std::string> decoded(const std::string& key, bool encoded) {
  if (!encoded) return key;
  std::string out;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '+') {
      out += ' ';
    } else if (key[i] == '%') {
      if (i + 2 >= key.size()) return std::nullopt;
      const int high = hex_value(key[i + 1]);
      const int low = hex_value(key[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += key[i];
    }
  }
  return out;
}

std::optional<Time> time(const std::string& iso) {
  const Result<Time> parsed = parse_iso(iso);
  if (!parsed) return std::nullopt;
  return *parsed;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string root_name(std::string_view document) {
  pugi::xml_document parsed;
  return std::string(local_name(root_of(parsed, document)));
}

std::optional<S3Fault> parse_fault(std::string_view document) {
  pugi::xml_document parsed;
  const pugi::xml_node root = root_named(parsed, document, "Error");
  if (!root) return std::nullopt;
  return S3Fault{text(root, "Code"), text(root, "Message"), text(root, "Region")};
}

std::optional<std::string> parse_upload_id(std::string_view document) {
  pugi::xml_document parsed;
  std::string id = text(root_named(parsed, document, "InitiateMultipartUploadResult"), "UploadId");
  if (id.empty()) return std::nullopt;
  return id;
}

std::optional<std::string> parse_completed_etag(std::string_view document) {
  pugi::xml_document parsed;
  const pugi::xml_node etag =
      child(root_named(parsed, document, "CompleteMultipartUploadResult"), "ETag");
  if (!etag) return std::nullopt;
  return std::string(etag.text().get());
}

std::optional<S3Page> parse_page(std::string_view document) {
  pugi::xml_document parsed;
  const pugi::xml_node root = root_named(parsed, document, "ListBucketResult");
  const std::optional<bool> truncated = truth(text(root, "IsTruncated"));
  if (!root || !truncated) return std::nullopt;
  const bool encoded = text(root, "EncodingType") == "url";
  S3Page page;
  for (const pugi::xml_node& each : root.children()) {
    if (local_name(each) != "Contents") continue;
    const std::optional<std::string> key = decoded(text(each, "Key"), encoded);
    const std::optional<std::uint64_t> size = number(text(each, "Size"));
    const std::optional<Time> modified = time(text(each, "LastModified"));
    if (!key || key->empty() || !size || !modified) return std::nullopt;
    page.objects.push_back({*key, *size, *modified});
  }
  const std::string count = text(root, "KeyCount");
  if (!count.empty() && number(count) != page.objects.size()) return std::nullopt;
  if (*truncated) {
    page.next = text(root, "NextContinuationToken");
    if (page.next.empty()) return std::nullopt;
  }
  return page;
}

std::optional<S3UnfinishedPage> parse_unfinished(std::string_view document) {
  pugi::xml_document parsed;
  const pugi::xml_node root = root_named(parsed, document, "ListMultipartUploadsResult");
  const std::optional<bool> truncated = truth(text(root, "IsTruncated"));
  if (!root || !truncated) return std::nullopt;
  const bool encoded = text(root, "EncodingType") == "url";
  S3UnfinishedPage page;
  page.truncated = *truncated;
  for (const pugi::xml_node& each : root.children()) {
    if (local_name(each) != "Upload") continue;
    const std::optional<std::string> key = decoded(text(each, "Key"), encoded);
    const std::string id = text(each, "UploadId");
    const std::optional<Time> started = time(text(each, "Initiated"));
    if (!key || key->empty() || id.empty() || !started) return std::nullopt;
    page.uploads.push_back({*key, id, *started});
  }
  if (page.truncated) {
    const std::optional<std::string> next = decoded(text(root, "NextKeyMarker"), encoded);
    page.next_upload_id = text(root, "NextUploadIdMarker");
    if (!next || next->empty()) return std::nullopt;
    page.next_key = *next;
  }
  return page;
}

std::optional<std::vector<S3Removal>> parse_removals(std::string_view document) {
  pugi::xml_document parsed;
  const pugi::xml_node root = root_named(parsed, document, "DeleteResult");
  if (!root) return std::nullopt;
  std::vector<S3Removal> removals;
  for (const pugi::xml_node& each : root.children()) {
    const bool deleted = local_name(each) == "Deleted";
    if (!deleted && local_name(each) != "Error") continue;
    S3Removal removal{text(each, "Key"), deleted ? std::string() : text(each, "Code")};
    if (removal.key.empty()) return std::nullopt;
    if (!deleted && removal.error.empty()) removal.error = "UnknownError";
    removals.push_back(std::move(removal));
  }
  return removals;
}

std::string delete_document(const std::vector<std::string>& keys) {
  std::string out = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const std::string& key : keys) {
    out += fmt::format("<Object><Key>{}</Key></Object>", escaped(key));
  }
  return out + "<Quiet>false</Quiet></Delete>";
}

std::string complete_document(const std::vector<std::string>& etags) {
  std::string out = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  std::size_t number = 0;
  for (const std::string& etag : etags) {
    out += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", ++number,
                       escaped(etag));
  }
  return out + "</CompleteMultipartUpload>";
}

}  // namespace pgdr::store
