// Runs of rclone on one remote folder. Used by the rclone_* files.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "store/rclone/rclone.hpp"

namespace pgdr::store {

inline constexpr const char* kClaimPrefix = ".claim-";

struct RcloneItem {
  std::string path;  // below the folder that was listed
  std::uint64_t size = 0;
  Time modified{};
  std::string md5;  // hexadecimal; empty where the remote has none, or it was not asked for
};

// Thread safe. Uploads, downloads and leases share it: they may outlive their store.
class RcloneClient : public std::enable_shared_from_this<RcloneClient> {
 public:
  static Result<std::shared_ptr<RcloneClient>> make(RcloneOptions options);

  [[nodiscard]] const RcloneOptions& options() const { return options_; }
  [[nodiscard]] std::string location() const { return "rclone:" + options_.config.path; }
  [[nodiscard]] std::string shown(const std::string& key) const { return location() + "/" + key; }
  // "remote:path/key", as rclone takes it.
  [[nodiscard]] std::string place_of(const std::string& key) const;

  // A child that is running; standard input or output as asked for.
  Result<std::unique_ptr<Process>> start(std::vector<std::string> arguments, bool want_stdin,
                                         bool want_stdout, std::vector<int> inherit_fds = {}) const;
  // The end of it, as an error unless it was 0: kNotFound (exit 3 and 4), retryable (exit 5 or
  // killed), else final.
  [[nodiscard]] static Status check_exit(const ExitStatus& status, const std::string& what);
  // Runs to the end; its standard output.
  Result<std::string> run(std::vector<std::string> arguments, const std::string& what) const;

  // nullopt: certainly absent, or a folder.
  Result<std::optional<RcloneItem>> stat(const std::string& key, bool with_md5 = false);
  // Files in the folder ("" or ending in '/'), with those of its folders when deep. nullopt: there
  // is no such folder. Complete or an error.
  Result<std::optional<std::vector<RcloneItem>>> list(const std::string& folder, bool deep) const;
  Status put_text(const std::string& key, const std::string& text) const;
  Result<std::string> get_text(const std::string& key) const;
  Status remove(const std::string& key);                     // absent: success
  Status remove_many(const std::vector<std::string>& keys);  // absent: success
  // kRepositoryMissing when the repository's folder is not there.
  Status check_root();

 private:
  RcloneClient(RcloneOptions options, std::string program)
      : options_(std::move(options)), program_(std::move(program)) {}

  RcloneOptions options_;
  std::string program_;
  std::atomic<bool> root_seen_{false};
};

// What "rclone lsjson" wrote: one object, or a list of them, files alone. nullopt: not that, or cut
// short.
std::optional<std::vector<RcloneItem>> parse_rclone_items(const std::string& text);

}  // namespace pgdr::store
