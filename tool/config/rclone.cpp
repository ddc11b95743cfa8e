#include "config/rclone.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace pgdr {
namespace {

// Everybody on the host can read the arguments of a program: what rclone must know besides the
// remote's name belongs into its own configuration.
void check_remote(Section& section, std::string& path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::size_t colon = path.find(':', path.starts_with(":") ? 1 : 0);
  const std::string remote = path.substr(0, colon);
  if (remote.find_first_of(",=") != std::string::npos) {
    section.error("path",
                  fmt::format("'path' in {} has options of the remote in it", section.title()),
                  "put them into rclone's configuration (rclone config), where nobody else reads "
                  "them, and write REMOTE:PATH");
    return;
  }
  const bool control =
      std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  const bool named = remote.size() > (remote.starts_with(":") ? 1U : 0U);
  if (colon != std::string::npos && named && !control && !path.starts_with("-")) return;
  section.error("path", fmt::format("'{}' in {} is no place of rclone's", path, section.title()),
                "write it REMOTE:PATH, with a remote that \"rclone listremotes\" shows");
}

}  // namespace

void read_rclone_repository(Section& section, RcloneConfig& out) {
  section.allow_only({"type", "path", "program", "config_file", "bandwidth_limit"});
  if (!section.has("path")) section.error("path", section.title() + " lacks 'path'");
  section.text("path", out.path);
  if (section.has("path")) check_remote(section, out.path);
  section.path("program", out.program);
  section.path("config_file", out.config_file);
}

std::string rclone_place(const RcloneConfig& config) { return "rclone:" + config.path; }

}  // namespace pgdr
