#include "config/sftp.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace pgdr {
namespace {

constexpr int kHighestPort = 65535;

// Names and addresses (IPv6 ones without brackets); nothing that another program would take for an
// option.
bool is_host(std::string_view host) {
  return host.front() != '-' && std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
         });
}

bool is_user(std::string_view user) {
  return user.front() != '-' && std::all_of(user.begin(), user.end(), [](unsigned char c) {
           return c > ' ' && c < 0x7f && c != '@' && c != ':' && c != '/';
         });
}

void check_path(Section& section, std::string& path) {
  if (path.starts_with("~/")) path.erase(0, 2);  // relative paths are relative to the home
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const bool control =
      std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  bool dots = false;
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    dots = dots || part == ".." || part == ".";
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  }
  if (!control && !dots && path != "/" && path != "~" && !path.empty()) return;
  section.error(
      "path", fmt::format("'{}' in {} is no folder for a repository", path, section.title()),
      "write it like /srv/backups/pgdr, or backups/pgdr for a folder in the account's home");
}

}  // namespace

void read_sftp_repository(Section& section, SftpConfig& out) {
  section.allow_only({"type", "host", "port", "user", "path", "identity_file", "known_hosts_file",
                      "bandwidth_limit"});
  for (const char* key : {"host", "path"}) {
    if (!section.has(key)) section.error(key, fmt::format("{} lacks '{}'", section.title(), key));
  }
  section.text("host", out.host);
  if (!out.host.empty() && !is_host(out.host)) {
    section.error("host", fmt::format("'{}' in {} is no host", out.host, section.title()),
                  "the host alone: user, port and path have keys of their own");
  }
  section.integer("port", out.port, 1, kHighestPort);
  section.text("user", out.user);
  if (!out.user.empty() && !is_user(out.user)) {
    section.error("user",
                  fmt::format("'{}' in {} is no name of an account", out.user, section.title()));
  }
  section.text("path", out.path);
  if (section.has("path")) check_path(section, out.path);
  section.path("identity_file", out.identity_file);
  section.path("known_hosts_file", out.known_hosts_file);
}

std::string sftp_place(const SftpConfig& config) {
  return fmt::format("sftp://{}{}{}:{}/{}", config.user, config.user.empty() ? "" : "@",
                     config.host, config.port, config.path);
}

}  // namespace pgdr
