#include "app/copy/bring_copy.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "repo/artifact.hpp"
#include "repo/conflict.hpp"
#include "repo/restore_text.hpp"
#include "base/interrupt.hpp"
#include "base/warn.hpp"

namespace pgdr::app {
namespace {

// Writes a small file whatever of that name is there.
Status replace_text(store::Store& store, const std::string& key, const std::string& text) {
  Status written = store::write_text(store, key, text);
  if (written || written.error().code != Code::kExists) return written;
  PGDR_CHECK(store.remove(key));
  return store::write_text(store, key, text);
}

class Bringing {
 public:
  explicit Bringing(const BringRequest& request)
      : request_(request),
        sources_(request.sources),
        manifest_(request.sources.front()->manifest),
        store_(*request.to.store),
        prefix_(backup_prefix(manifest_.set, manifest_.label)) {}

  Result<BroughtCopy> run();

 private:
  Status look();
  [[nodiscard]] bool is_rewrapped(const StoredBackup& there) const;
  Result<bool> holds_all(const StoredBackup& there, const std::vector<store::Entry>& entries);
  [[nodiscard]] bool source_is_signed() const;
  Result<bool> is_right(const Artifact& artifact, bool read);
  Status make_way();
  Status prove_a_source();
  Status bring(const Artifact& artifact);
  Result<bool> bring_from(const StoredBackup& source, const Artifact& artifact);
  Status write_texts();

  const BringRequest& request_;
  std::vector<const StoredBackup*> sources_;
  const Manifest& manifest_;
  store::Store& store_;
  std::string prefix_;
  std::set<std::string> present_;  // names in the folder
  std::set<std::string> right_;    // artifacts that need nothing
  bool has_manifest_ = false;
  bool whole_ = false;
  BroughtCopy result_;
};

// Is the stored artifact what the manifest says? Absent: no.
Result<bool> Bringing::is_right(const Artifact& artifact, bool read) {
  if (!present_.contains(artifact.name)) return false;
  PGDR_TRY(const auto entry, store_.stat(prefix_ + artifact.name));
  if (!entry || entry->size != artifact.stored_bytes) return false;
  if (!read) return true;
  StoredBackup there;
  there.manifest = manifest_;
  there.repository = &request_.to;
  const Status good = check_stored(there, artifact, {});
  if (good) return true;
  if (good.error().code == Code::kInterrupted || good.error().retryable) return good.error();
  log_verbose(to_string(good.error()));
  return false;
}

// The source's backup, locked to others since.
bool Bringing::is_rewrapped(const StoredBackup& there) const {
  if (there.manifest.rewrapped_at == manifest_.rewrapped_at || manifest_.snapshot_uuid.empty()) {
    return false;
  }
  return !copies_conflict(Backup{{*sources_.front(), there}});
}

// Every file of its own manifest, with its size; where there was damage before, with its digest.
Result<bool> Bringing::holds_all(const StoredBackup& there,
                                 const std::vector<store::Entry>& entries) {
  for (const auto& artifact : there.manifest.artifacts) {
    const bool listed = std::any_of(entries.begin(), entries.end(), [&](const store::Entry& e) {
      return e.key == prefix_ + artifact.name && e.size == artifact.stored_bytes;
    });
    if (!listed) return false;
    if (!request_.suspect) continue;
    const Status good = check_stored(there, artifact, {});
    if (good) continue;
    if (good.error().code == Code::kInterrupted || good.error().retryable) return good.error();
    return false;
  }
  const bool needs_signature = there.signature_file == kSignatureFile && source_is_signed();
  return present_.contains(kSumsFile) && present_.contains(kRestoreTextFile) &&
         (!needs_signature || present_.contains(kSignatureFile));
}

bool Bringing::source_is_signed() const {
  const StoredBackup& source = *sources_.front();
  const auto signature = source.repository->store->stat(prefix_ + source.signature_file);
  return signature && *signature;
}

// What is there already?
Status Bringing::look() {
  PGDR_TRY(const auto entries, store_.list(prefix_));
  for (const auto& entry : entries) present_.insert(entry.key.substr(prefix_.size()));
  // The next one counts while a rewrap is between the two.
  has_manifest_ = present_.contains(kManifestFile) || present_.contains(kNextManifestFile);
  bool vouched = false;
  if (has_manifest_) {
    const auto there = read_backup(request_.to, manifest_.set, manifest_.label);
    // The same backup under other keys (pgdr key rewrap) is as good a copy, if it is whole.
    const bool other_keys = there && is_rewrapped(*there);
    if (other_keys) {
      PGDR_TRY(whole_, holds_all(*there, entries));
      if (whole_) return success();
    }
    if (there && !other_keys && !same_artifacts(there->manifest, manifest_)) {
      return Error::of(
          Code::kExists,
          fmt::format("backup {} in repository {} is another one than in repository {}: the same "
                      "name, but other content",
                      manifest_.label, request_.to.name, sources_.front()->repository->name),
          "find out which one is genuine before anything else: one of them was altered");
    }
    if (!there && there.error().code != Code::kCorrupt) return there.error();
    vouched = there.ok() && !other_keys;
  }
  const bool read = request_.suspect || !vouched;
  for (const auto& artifact : manifest_.artifacts) {
    PGDR_TRY(const bool right, is_right(artifact, read));
    if (right) right_.insert(artifact.name);
  }
  PGDR_TRY(const auto signature,
           sources_.front()->repository->store->stat(prefix_ + sources_.front()->signature_file));
  whole_ = vouched && right_.size() == manifest_.artifacts.size() && present_.contains(kSumsFile) &&
           present_.contains(kRestoreTextFile) && (!signature || present_.contains(kSignatureFile));
  return success();
}

Status Bringing::prove_a_source() {
  std::optional<Error> first;
  for (const StoredBackup* source : sources_) {
    Status good = success();
    for (const auto& artifact : manifest_.artifacts) {
      good = check_stored(*source, artifact, {});
      if (!good) break;
    }
    if (good) {
      sources_ = {source};
      return success();
    }
    if (good.error().code == Code::kInterrupted) return good;
    log_warning(good.error());
    if (!first) first = good.error();
  }
  return first->context("the damaged copy stays as it is, for no other one is whole");
}

// Removes what is wrong; the manifest first, for the copy does not count any more.
Status Bringing::make_way() {
  PGDR_CHECK(request_.lease.held());
  if (has_manifest_) {
    PGDR_CHECK(prove_a_source());
    PGDR_CHECK(request_.lease.held());
    for (const char* name : {kNextManifestFile, kNextSignatureFile, kManifestFile}) {
      PGDR_CHECK(store_.remove(prefix_ + name));
    }
  }
  PGDR_TRY(const auto leftovers, store_.leftovers(prefix_));
  for (const auto& entry : leftovers) PGDR_CHECK(store_.remove_leftover(entry));
  for (const auto& artifact : manifest_.artifacts) {
    if (right_.contains(artifact.name) || !present_.contains(artifact.name)) continue;
    PGDR_CHECK(store_.remove(prefix_ + artifact.name));
  }
  return success();
}

// False, with a warning, when the source cannot give it; an error when `to` cannot take it.
Result<bool> Bringing::bring_from(const StoredBackup& source, const Artifact& artifact) {
  const auto unusable = [&](const Error& error) -> Result<bool> {
    if (error.code == Code::kInterrupted) return error;
    log_warning(fmt::format("cannot copy {} of backup {} from repository {}: {}", artifact.name,
                            manifest_.label, source.repository->name, to_string(error)));
    return false;
  };
  auto opened = source.repository->store->open(prefix_ + artifact.name);
  if (!opened) return unusable(opened.error());
  const auto hashed = pipe::hash_source(**opened);
  PGDR_TRY(const auto upload, store_.create(prefix_ + artifact.name));
  std::vector<std::byte> buffer(kCopyBuffer);
  for (;;) {
    if (interrupted()) return interrupted_error();
    const auto got = hashed->read(buffer);
    if (!got) return unusable(got.error());
    if (*got == 0) break;
    if (hashed->bytes() > artifact.stored_bytes) break;
    PGDR_CHECK(upload->write(Bytes(buffer).first(*got)));
    if (request_.progress) request_.progress(*got);
  }
  if (hashed->bytes() != artifact.stored_bytes ||
      hashed->digest().sha256 != artifact.stored_sha256) {
    return unusable(Error::of(Code::kCorrupt, "it is not what the manifest says"));
  }
  PGDR_CHECK(upload->finish());
  result_.bytes += artifact.stored_bytes;
  const std::string& name = source.repository->name;
  if ((", " + result_.from + ",").find(", " + name + ",") == std::string::npos) {
    result_.from += (result_.from.empty() ? "" : ", ") + name;
  }
  return true;
}

Status Bringing::bring(const Artifact& artifact) {
  for (const StoredBackup* source : sources_) {
    PGDR_TRY(const bool done, bring_from(*source, artifact));
    if (done) return success();
  }
  return Error::of(Code::kCorrupt, fmt::format("backup {}: no copy of {} can be read whole",
                                               manifest_.label, artifact.name));
}

Status Bringing::write_texts() {
  PGDR_CHECK(replace_text(store_, prefix_ + kSumsFile, sums_text(manifest_)));
  // Any source's text is as good as another's; without one it is written anew.
  std::string howto = restore_text(manifest_);
  std::optional<std::string> signature;
  const StoredBackup& source = *sources_.front();
  store::Store& from = *source.repository->store;
  // Where a rewrap died, what lies beside may be the earlier manifest's.
  if (source.signature_file == kSignatureFile) {
    const auto text = store::read_text(from, prefix_ + kRestoreTextFile);
    if (text) howto = *text;
  }
  const auto sig = store::read_text(from, prefix_ + source.signature_file, 4096);
  if (sig) {
    signature = *sig;
  } else if (sig.error().code != Code::kNotFound) {
    return sig.error();
  }
  PGDR_CHECK(replace_text(store_, prefix_ + kRestoreTextFile, howto));
  if (signature) PGDR_CHECK(replace_text(store_, prefix_ + kSignatureFile, *signature));
  PGDR_CHECK(request_.lease.held());
  if (interrupted()) return interrupted_error();
  return store::write_text(store_, prefix_ + kManifestFile, source.text);
}

Result<BroughtCopy> Bringing::run() {
  PGDR_CHECK(look());
  if (whole_) return result_;
  result_.how = has_manifest_ ? Brought::kRepaired : Brought::kCopied;
  PGDR_CHECK(make_way());
  for (const auto& artifact : manifest_.artifacts) {
    if (right_.contains(artifact.name)) continue;
    PGDR_CHECK(bring(artifact));
    // A place that lost bytes once is not trusted to have kept the new ones.
    if (!request_.suspect) continue;
    StoredBackup there;
    there.manifest = manifest_;
    there.repository = &request_.to;
    PGDR_CHECK(check_stored(there, artifact, {}));
  }
  PGDR_CHECK(write_texts());
  return result_;
}

}  // namespace

bool same_artifacts(const Manifest& a, const Manifest& b) {
  return std::is_permutation(a.artifacts.begin(), a.artifacts.end(), b.artifacts.begin(),
                             b.artifacts.end(), [](const Artifact& x, const Artifact& y) {
                               return x.name == y.name && x.kind == y.kind &&
                                      x.stored_bytes == y.stored_bytes &&
                                      x.stored_sha256 == y.stored_sha256;
                             });
}

Result<BroughtCopy> bring_copy(const BringRequest& request) { return Bringing(request).run(); }

}  // namespace pgdr::app
