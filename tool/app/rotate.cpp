#include "app/rotate.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/file.hpp"
#include "pipe/age.hpp"

namespace pgdr::app {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

// The offset of a position in a text; both count from 1, columns in code points.
std::size_t offset_of(const std::string& text, toml::source_position at) {
  std::size_t offset = 0;
  for (toml::source_index line = 1; line < at.line; ++line) {
    offset = text.find('\n', offset);
    if (offset == std::string::npos) return text.size();
    ++offset;
  }
  for (toml::source_index column = 1; column < at.column && offset < text.size(); ++column) {
    do {
      ++offset;
    } while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U);
  }
  return offset;
}

std::string list_text(const std::vector<std::string>& recipients) {
  return fmt::format("[\"{}\"]", fmt::join(recipients, "\", \""));
}

Result<std::vector<std::string>> changed(const std::vector<std::string>& before,
                                         const RotateRequest& request) {
  std::vector<std::string> after;
  for (const auto& one : request.remove) {
    if (contains(before, one)) continue;
    return Error::of(Code::kUsage, fmt::format("{} is no recipient of set {}", one, request.set),
                     "pgdr key show lists them");
  }
  if (!request.replace) {
    for (const auto& one : before) {
      if (!contains(request.remove, one)) after.push_back(one);
    }
  }
  for (const auto& one : request.add) {
    PGDR_CHECK(pipe::parse_recipient(one));
    if (!contains(after, one)) after.push_back(one);
  }
  if (!after.empty()) return after;
  return Error::of(Code::kUsage, "nobody could open the next backup",
                   "add at least one recipient: --add age1…");
}

// The lines of keys change; comments and blank lines stay.
Result<Rotation> rotate_file(const SetConfig& set, const RotateRequest& request) {
  Rotation rotation;
  rotation.file = set.recipients_file;
  PGDR_TRY(const std::string text, read_file(set.recipients_file));
  PGDR_TRY(const auto parsed, pipe::parse_recipients_file(text));
  for (const auto& one : parsed) rotation.before.push_back(one.text);
  PGDR_TRY(rotation.after, changed(rotation.before, request));
  std::vector<std::string> left = rotation.after;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    std::string line = text.substr(from, end - from);
    from = end + 1;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.starts_with("age1")) {
      const auto at = std::find(left.begin(), left.end(), line);
      if (at == left.end()) continue;
      left.erase(at);
    }
    rotation.text += line + "\n";
  }
  for (const auto& one : left) rotation.text += one + "\n";
  return rotation;
}

}  // namespace

Result<Rotation> plan_rotation(const Config& config, const std::string& config_text,
                               const RotateRequest& request) {
  PGDR_TRY(const SetConfig set, choose_set(config, request.set));
  if (!set.passphrase_file.empty()) {
    return Error::of(Code::kUsage,
                     fmt::format("set {} is locked with a passphrase, not to recipients", set.name),
                     "write another passphrase into its file, and keep the old one for the old "
                     "backups");
  }
  if (!set.recipients.empty() && !set.recipients_file.empty()) {
    return Error::of(Code::kUsage,
                     fmt::format("set {} has both 'recipients' and 'recipients_file'", set.name),
                     "change the one that is meant by hand");
  }
  Rotation rotation;
  if (!set.recipients_file.empty()) {
    PGDR_TRY(rotation, rotate_file(set, request));
    for (const auto& [name, other] : config.sets) {
      if (other.recipients_file == set.recipients_file) rotation.sets.push_back(name);
    }
    return rotation;
  }
  rotation.file = config.path;
  rotation.before = set.recipients;
  PGDR_TRY(rotation.after, changed(set.recipients, request));
  toml::table root;
  try {
    root = toml::parse(config_text, config.path);
  } catch (const toml::parse_error& error) {
    return Error::of(Code::kUsage, fmt::format("{}: {}", config.path, error.description()));
  }
  const auto own = root["set"][set.name]["recipients"];
  const auto shared = root["defaults"]["recipients"];
  const toml::node* list = own ? own.node() : shared.node();
  if (list == nullptr) {
    return Error::of(Code::kUsage, fmt::format("{} changed meanwhile", config.path), "try again");
  }
  const std::size_t begin = offset_of(config_text, list->source().begin);
  const std::size_t end = offset_of(config_text, list->source().end);
  rotation.text =
      config_text.substr(0, begin) + list_text(rotation.after) + config_text.substr(end);
  // Whatever the text looked like: it must say exactly what was meant, and nothing else may differ.
  const auto parsed = parse_config(rotation.text, config.path);
  bool right = parsed && parsed->sets.size() == config.sets.size();
  for (const auto& [name, before] : config.sets) {
    if (!right) break;
    const SetConfig& after = parsed->sets.at(name);
    const bool follows = name == set.name ||
                         (!own && !root["set"][name]["recipients"] &&
                          !root["set"][name]["recipients_file"] && before.passphrase_file.empty());
    right = after.recipients == (follows ? rotation.after : before.recipients);
    if (follows) rotation.sets.push_back(name);
  }
  if (right) return rotation;
  return Error::of(
      Code::kFailed,
      fmt::format("{} cannot be changed without risk: nothing was written", config.path),
      "write the list by hand: recipients = " + list_text(rotation.after));
}

}  // namespace pgdr::app
