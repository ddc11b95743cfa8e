#include "store/probe.hpp"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "store/s3/s3.hpp"
#include "store/s3/s3_client.hpp"
#include "store/s3/s3_facts.hpp"
#include "store/sftp/sftp_client.hpp"

namespace pgdr::store {
namespace {

std::vector<StoreFact> sftp_facts(const SftpConfig& config) {
  std::vector<StoreFact> facts;
  SftpOptions options = sftp_options(config);
  const auto client = std::make_shared<SftpClient>(std::move(options));
  const auto session = client->take();
  if (!session) return facts;
  facts.push_back({true, fmt::format("{}, host key known", (*session)->server()), {}});
  if (!(*session)->can_sync()) {
    facts.push_back({false,
                     "the server has no fsync@openssh.com: what was stored may be lost if it "
                     "loses power in the next minute",
                     "use OpenSSH's server, or keep a copy elsewhere as well"});
  }
  if (!(*session)->can_link()) {
    facts.push_back({false,
                     "the server has no hardlink@openssh.com: that nothing is overwritten "
                     "rests on its rename alone",
                     "use OpenSSH's server, or give each host an account and folder of its own"});
  }
  return facts;
}

std::vector<StoreFact> rclone_facts(const RcloneConfig& config) {
  std::vector<StoreFact> facts;
  facts.push_back({true,
                   "locks and the refusal to overwrite rest on listings that show at once what was "
                   "written, as this one did; rclone does not fsync",
                   {}});
  if (config.config_file.empty()) return facts;
  facts.push_back({true, "rclone's configuration is this account's alone", {}});
  return facts;
}

}  // namespace

Probe probe_store(Store& store, const std::string& folder, const Clock& clock) {
  Probe probe;
  std::random_device random;
  const std::string key = fmt::format("{}doctor-probe-{:08x}{:08x}", folder, random(), random());
  const std::string content = "pgdr doctor was here; this file may be removed\n";
  const auto attempt = [&] {
    const Status written = write_text(store, key, content);
    if (!written) {
      probe.not_written = written.error();
      return;
    }
    const auto text = read_text(store, key);
    if (!text) {
      probe.not_read = text.error();
      return;
    }
    if (*text != content) {
      probe.not_read = Error::of(Code::kCorrupt, fmt::format("{}/{} comes back with other content",
                                                             store.location(), key));
      return;
    }
    const auto listed = store.list(folder);
    if (!listed) {
      probe.not_listed = listed.error();
      return;
    }
    if (std::none_of(listed->begin(), listed->end(), [&](const Entry& one) {
          return one.key == key && one.size == content.size();
        })) {
      probe.not_listed = Error::of(
          Code::kFailed,
          fmt::format("{} does not list what was stored there just now", store.location()),
          "locks, and that nothing is overwritten or expired by mistake, rest on "
          "listings: switch off whatever caches them, or use another place");
    }
    const auto entry = store.stat(key);
    if (entry && *entry) {
      probe.clock_ahead =
          std::chrono::duration_cast<std::chrono::seconds>((*entry)->modified - clock.now());
    }
    const Status again = write_text(store, key, "other content\n");
    probe.overwritten = again.ok();
  };
  attempt();
  const Status removed = store.remove(key);
  if (!removed && !probe.not_written) probe.not_removed = removed.error();
  return probe;
}

std::vector<StoreFact> store_facts(const RepositoryConfig& repository) {
  if (repository.type == "s3" || repository.type == "gcs") {
    const auto client = S3Client::make(s3_options(repository.s3));
    return client ? s3_facts(**client) : std::vector<StoreFact>();
  }
  if (repository.type == "sftp") return sftp_facts(repository.sftp);
  if (repository.type == "rclone") return rclone_facts(repository.rclone);
  return {};
}

}  // namespace pgdr::store
