#include "store/rclone/rclone_client.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/json.hpp"

namespace pgdr::store {
namespace {

// rclone's documented exit codes.
constexpr int kNoFolder = 3;
constexpr int kNoFile = 4;
constexpr int kTemporaryTrouble = 5;

Result<std::string> read_everything(Source& from) {
  std::string out;
  std::array<std::byte, 64 << 10> buffer;
  for (;;) {
    PGDR_TRY(const std::size_t n, from.read(buffer));
    if (n == 0) return out;
    out.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
}

std::optional<RcloneItem> parse_item(const nlohmann::json& json) {
  if (!json.is_object() || !json.contains("Path") || !json["Path"].is_string() ||
      !json.contains("Size") || !json["Size"].is_number_integer() || !json.contains("ModTime") ||
      !json["ModTime"].is_string()) {
    return std::nullopt;
  }
  RcloneItem item;
  item.path = json["Path"].get<std::string>();
  const auto size = json["Size"].get<std::int64_t>();
  const Result<Time> modified = parse_iso(json["ModTime"].get<std::string>());
  if (!modified || size < 0) return std::nullopt;
  item.size = static_cast<std::uint64_t>(size);
  item.modified = *modified;
  if (json.contains("Hashes") && json["Hashes"].is_object()) {
    const auto found = json["Hashes"].find("md5");
    if (found != json["Hashes"].end() && found->is_string()) item.md5 = found->get<std::string>();
  }
  return item;
}

}  // namespace

std::optional<std::vector<RcloneItem>> parse_rclone_items(const std::string& text) {
  auto parsed = parse_json(text);
  if (!parsed) return std::nullopt;
  nlohmann::json json = std::move(*parsed);
  if (json.is_object()) json = nlohmann::json::array({json});
  if (!json.is_array()) return std::nullopt;
  std::vector<RcloneItem> items;
  for (const nlohmann::json& one : json) {
    if (one.is_object() && one.contains("IsDir") && one["IsDir"] == true) continue;
    std::optional<RcloneItem> item = parse_item(one);
    if (!item) return std::nullopt;
    items.push_back(std::move(*item));
  }
  return items;
}

Result<std::shared_ptr<RcloneClient>> RcloneClient::make(RcloneOptions options) {
  std::string program = options.config.program;
  if (program.empty()) {
    PGDR_TRY(program, find_program("rclone"));
  }
  if (!options.config.config_file.empty()) {
    // It holds what opens the remote. rclone itself reads it.
    PGDR_TRY(std::string text, read_secret_file(options.config.config_file));
    cleanse(text);
  }
  return std::shared_ptr<RcloneClient>(new RcloneClient(std::move(options), std::move(program)));
}

std::string RcloneClient::place_of(const std::string& key) const {
  const std::string& path = options_.config.path;
  if (key.empty()) return path;
  return path + (path.ends_with(":") ? "" : "/") + key;
}

Result<std::unique_ptr<Process>> RcloneClient::start(std::vector<std::string> arguments,
                                                     bool want_stdin, bool want_stdout,
                                                     std::vector<int> inherit_fds) const {
  Command command;
  command.argv = {program_};
  if (!options_.config.config_file.empty()) {
    command.argv.insert(command.argv.end(), {"--config", options_.config.config_file});
  }
  // Times as the remote has them, not those of files that once were; no questions.
  for (const char* flag : {"--use-server-modtime", "--ask-password=false", "--contimeout=20s",
                           "--timeout=60s", "--log-level=ERROR"}) {
    command.argv.emplace_back(flag);
  }
  std::move(arguments.begin(), arguments.end(), std::back_inserter(command.argv));
  command.want_stdin = want_stdin;
  command.want_stdout = want_stdout;
  command.inherit_fds = std::move(inherit_fds);
  return Process::start(std::move(command));
}

Status RcloneClient::check_exit(const ExitStatus& status, const std::string& what) {
  if (status.ok()) return success();
  Error error =
      Error::of(Code::kFailed, fmt::format("cannot {}: rclone {}", what, status.describe()));
  if (status.code == kNoFolder || status.code == kNoFile) error.code = Code::kNotFound;
  error.retryable = status.code == kTemporaryTrouble || status.signal != 0;
  return error;
}

Result<std::string> RcloneClient::run(std::vector<std::string> arguments,
                                      const std::string& what) const {
  PGDR_TRY(const std::unique_ptr<Process> process, start(std::move(arguments), false, true));
  PGDR_TRY(std::string out, read_everything(process->out()));
  PGDR_TRY(const ExitStatus status, process->wait());
  PGDR_CHECK(check_exit(status, what));
  return out;
}

Result<std::optional<RcloneItem>> RcloneClient::stat(const std::string& key, bool with_md5) {
  std::vector<std::string> arguments = {"lsjson", "--stat", "--no-mimetype"};
  if (with_md5) arguments.insert(arguments.end(), {"--hash", "--hash-type", "md5"});
  arguments.push_back(place_of(key));
  const Result<std::string> text = run(std::move(arguments), "look at " + shown(key));
  if (!text) {
    if (text.error().code != Code::kNotFound) return text.error();
    PGDR_CHECK(check_root());
    return std::optional<RcloneItem>();
  }
  std::optional<std::vector<RcloneItem>> items = parse_rclone_items(*text);
  if (!items || items->size() > 1) {
    return Error::of(Code::kFailed,
                     fmt::format("rclone's answer about {} is malformed", shown(key)));
  }
  if (items->empty()) return std::optional<RcloneItem>();
  return std::optional<RcloneItem>(std::move(items->front()));
}

Result<std::optional<std::vector<RcloneItem>>> RcloneClient::list(const std::string& folder,
                                                                  bool deep) const {
  std::vector<std::string> arguments = {"lsjson", "--files-only", "--no-mimetype"};
  if (deep) arguments.emplace_back("--recursive");
  arguments.push_back(place_of(folder.empty() ? "" : folder.substr(0, folder.size() - 1)));
  const Result<std::string> text = run(std::move(arguments), "list " + shown(folder));
  if (!text) {
    if (text.error().code != Code::kNotFound) return text.error();
    return std::optional<std::vector<RcloneItem>>();
  }
  std::optional<std::vector<RcloneItem>> items = parse_rclone_items(*text);
  if (!items) {
    return Error::of(Code::kFailed,
                     fmt::format("cannot list {}: rclone's answer is malformed", shown(folder)));
  }
  std::sort(items->begin(), items->end(),
            [](const RcloneItem& a, const RcloneItem& b) { return a.path < b.path; });
  const auto same = [](const RcloneItem& a, const RcloneItem& b) { return a.path == b.path; };
  const auto twice = std::adjacent_find(items->begin(), items->end(), same);
  if (twice != items->end()) {
    return Error::of(Code::kFailed,
                     fmt::format("{} is there twice in {}", twice->path, shown(folder)),
                     "\"rclone dedupe\" shows both: remove the wrong one");
  }
  return items;
}

Status RcloneClient::put_text(const std::string& key, const std::string& text) const {
  PGDR_TRY(const std::unique_ptr<Process> process, start({"rcat", place_of(key)}, true, false));
  Status written = process->in().write(bytes_of(text));
  if (written) written = process->in().finish();
  PGDR_TRY(const ExitStatus status, process->wait());
  PGDR_CHECK(check_exit(status, "write " + shown(key)));
  return written;
}

Result<std::string> RcloneClient::get_text(const std::string& key) const {
  return run({"cat", place_of(key)}, "read " + shown(key));
}

Status RcloneClient::remove(const std::string& key) {
  const Result<std::string> done = run({"deletefile", place_of(key)}, "remove " + shown(key));
  if (done) return success();
  // Some remotes call an absent file an error of no kind.
  PGDR_TRY(const std::optional<RcloneItem> there, stat(key));
  if (there) return done.error();
  return success();
}

// The list is complete before rclone sees it: one that broke off in a pipe could end with the name
// of another file.
Status RcloneClient::remove_many(const std::vector<std::string>& keys) {
  const Fd list(memfd_create("list", MFD_CLOEXEC));
  if (!list) return system_error(errno, "cannot make a file in memory");
  // Keys hold no character that the list would read otherwise. What is not there is passed over.
  const std::string text = fmt::format("{}\n", fmt::join(keys, "\n"));
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(list.get(), text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(errno, "cannot write to a file in memory");
    at += static_cast<std::size_t>(n);
  }
  PGDR_TRY(const std::unique_ptr<Process> process,
           start({"delete", "--files-from-raw", fmt::format("/proc/self/fd/{}", list.get()),
                  place_of("")},
                 false, false, {list.get()}));
  PGDR_TRY(const ExitStatus status, process->wait());
  return check_exit(status, fmt::format("remove {} files of {}", keys.size(), location()));
}

Status RcloneClient::check_root() {
  if (root_seen_) return success();
  PGDR_TRY(const auto items, list("", false));
  if (items) {
    root_seen_ = true;
    return success();
  }
  return Error::of(Code::kRepositoryMissing,
                   fmt::format("the repository {} is not there", location()),
                   "is the remote's path right? \"pgdr init\" makes a new repository");
}

}  // namespace pgdr::store
