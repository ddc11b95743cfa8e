#include "store/open_store.hpp"

#include <fmt/format.h>

#include "store/s3.hpp"
#include "store/sftp.hpp"

namespace pgdr::store {

Result<std::unique_ptr<Store>> open_store(const RepositoryConfig& repository, bool create) {
  if (repository.type == "local") return open_local(repository.path, create);
  if (repository.type == "s3") return open_s3(s3_options(repository.s3));
  if (repository.type == "sftp") return open_sftp(sftp_options(repository.sftp), create);
  return Error::of(Code::kUsage, fmt::format("repository '{}' has the unknown type '{}'",
                                             repository.name, repository.type));
}

}  // namespace pgdr::store
