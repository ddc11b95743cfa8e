#include "app/key/rotate.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/edit.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "pipe/age.hpp"

namespace pgdr::app {
namespace {

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
  PGDR_TRY(const RecipientsPlace place, find_recipients(config_text, config.path, set.name));
  rotation.text = config_text.substr(0, place.begin) + list_text(rotation.after) +
                  config_text.substr(place.end);
  // Whatever the text looked like: it must say exactly what was meant, and nothing else may differ.
  const auto parsed = parse_config(rotation.text, config.path);
  bool right = parsed && parsed->sets.size() == config.sets.size();
  for (const auto& [name, before] : config.sets) {
    if (!right) break;
    const SetConfig& after = parsed->sets.at(name);
    const bool follows = name == set.name || (!place.own && !place.with_keys.contains(name) &&
                                              before.passphrase_file.empty());
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
