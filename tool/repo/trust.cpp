// Signatures of manifests: who vouches for the digests that everything else is checked against.

#include <fmt/format.h>

#include "repo/repository.hpp"
#include "base/log.hpp"
#include "base/signing.hpp"

namespace pgdr::app {
namespace {

constexpr const char* kUnsigned = "its manifest is not signed";

Status signed_by_any(const StoredBackup& backup, const std::vector<std::string>& trusted) {
  const std::string key =
      backup_prefix(backup.manifest.set, backup.manifest.label) + backup.signature_file;
  auto signature = store::read_text(*backup.repository->store, key, 4096);
  if (!signature) {
    if (signature.error().code != Code::kNotFound) return signature.error();
    return Error::of(Code::kCorrupt, kUnsigned);
  }
  for (const auto& one : trusted) {
    const Status good = verify_signature(one, backup.text, *signature);
    if (good) return success();
    if (good.error().code != Code::kCorrupt) return good.error();
  }
  return Error::of(Code::kCorrupt, "its manifest carries no signature of a trusted key");
}

}  // namespace

Result<Trust> check_signature(const StoredBackup& backup, const SigningConfig& signing,
                              bool accept_unsigned) {
  if (signing.trusted.empty()) return Trust::kNotChecked;
  const Status good = signed_by_any(backup, signing.trusted);
  if (good) return Trust::kTrusted;
  if (good.error().code != Code::kCorrupt) return good.error();
  const std::string what =
      fmt::format("backup {} in repository {}", backup.manifest.label, backup.repository->name);
  if (accept_unsigned) {
    log_warning(fmt::format("{}: {}; accepted on request", what, good.error().message));
    return Trust::kAccepted;
  }
  Error error = good.error().context(what);
  error.hint = "somebody may have replaced it; --accept-unsigned uses it all the same";
  return error;
}

bool is_unsigned(const Error& error) {
  return error.code == Code::kCorrupt && error.message.ends_with(kUnsigned);
}

}  // namespace pgdr::app
