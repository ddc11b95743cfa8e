#include "store/open_store.hpp"

#include <fmt/format.h>

#include "store/limited.hpp"
#include "store/rclone/rclone.hpp"
#include "store/s3/s3.hpp"
#include "store/sftp/sftp.hpp"

namespace pgdr::store {
namespace {

Result<std::unique_ptr<Store>> open_unlimited(const RepositoryConfig& repository, bool create) {
  if (repository.type == "local") return open_local(repository.path, create);
  if (repository.type == "s3" || repository.type == "gcs") {
    S3Options options = s3_options(repository.s3);
    options.bytes_per_second = repository.bandwidth_limit;
    return open_s3(std::move(options));
  }
  if (repository.type == "sftp") return open_sftp(sftp_options(repository.sftp), create);
  if (repository.type == "rclone") {
    RcloneOptions options;
    options.config = repository.rclone;
    return open_rclone(std::move(options), create);
  }
  return Error::of(Code::kUsage, fmt::format("repository '{}' has the unknown type '{}'",
                                             repository.name, repository.type));
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const RepositoryConfig& repository, bool create) {
  PGDR_TRY(std::unique_ptr<Store> store, open_unlimited(repository, create));
  if (repository.bandwidth_limit == 0) return store;
  return with_bandwidth_limit(std::move(store), repository.bandwidth_limit);
}

}  // namespace pgdr::store
