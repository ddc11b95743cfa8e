#include "repo/artifact.hpp"

#include <fmt/format.h>

#include "base/interrupt.hpp"
#include "base/warn.hpp"

namespace pgdr::app {
namespace {

Error damaged(const StoredBackup& backup, const Artifact& artifact, const std::string& how) {
  return Error::of(Code::kCorrupt,
                   fmt::format("backup {} in repository {}: {} {}", backup.manifest.label,
                               backup.repository->name, artifact.name, how));
}

Status compare_size(const StoredBackup& backup, const Artifact& artifact, std::uint64_t bytes) {
  if (bytes < artifact.stored_bytes) {
    return damaged(
        backup, artifact,
        fmt::format("is truncated: {} of {} bytes are there", bytes, artifact.stored_bytes));
  }
  if (bytes > artifact.stored_bytes) {
    return damaged(
        backup, artifact,
        fmt::format("is longer than it was: {} bytes instead of {}", bytes, artifact.stored_bytes));
  }
  return success();
}

Result<std::unique_ptr<Source>> open_stored(const StoredBackup& backup, const Artifact& artifact) {
  const std::string key = backup_prefix(backup.manifest.set, backup.manifest.label) + artifact.name;
  auto source = backup.repository->store->open(key);
  if (source) return source;
  if (source.error().code == Code::kNotFound) return damaged(backup, artifact, "is missing");
  return source.error();
}

}  // namespace

Result<std::unique_ptr<ArtifactWriter>> ArtifactWriter::open(CopySet& copies,
                                                             const std::string& prefix,
                                                             const std::string& name,
                                                             const std::string& kind,
                                                             const Sealing& sealing) {
  std::unique_ptr<ArtifactWriter> writer(new ArtifactWriter);
  writer->name_ = name;
  writer->kind_ = kind;
  PGDR_TRY(writer->fanout_, copies.create(prefix + name));
  Sink* stored_to = writer->fanout_.get();
  if (sealing.chunks) {
    writer->chunks_ = pipe::chunk_hash_sink(*stored_to, kChunkBytes);
    stored_to = writer->chunks_.get();
  }
  writer->stored_ = pipe::hash_sink(stored_to);
  PGDR_TRY(writer->encrypted_, pipe::age_encrypt(*writer->stored_, sealing.lock));
  PGDR_TRY(writer->compressed_,
           pipe::zstd_sink(*writer->encrypted_, sealing.level, sealing.workers));
  if (sealing.original_digest) writer->original_ = pipe::hash_sink(writer->compressed_.get());
  return writer;
}

Status ArtifactWriter::write(Bytes data) {
  PGDR_CHECK(original_ ? original_->write(data) : compressed_->write(data));
  original_now_ += data.size();
  stored_now_ = stored_->bytes();
  return success();
}

Status ArtifactWriter::finish() {
  PGDR_CHECK(original_ ? original_->finish() : compressed_->finish());
  stored_now_ = stored_->bytes();
  return success();
}

Artifact ArtifactWriter::artifact() const {
  const pipe::Digest stored = stored_->digest();
  return {name_,         kind_,         stored.bytes,
          stored.sha256, original_now_, original_ ? original_->digest().sha256 : std::string()};
}

ChunkList ArtifactWriter::chunk_list() const { return {kChunkBytes, chunks_->digests()}; }

Result<std::unique_ptr<ArtifactReader>> ArtifactReader::open(const StoredBackup& backup,
                                                             const Artifact& artifact,
                                                             const pipe::Keys& keys, bool check) {
  PGDR_TRY(std::unique_ptr<Source> stored, open_stored(backup, artifact));
  return from(std::move(stored), artifact, keys, check);
}

Result<std::unique_ptr<ArtifactReader>> ArtifactReader::from(std::unique_ptr<Source> stored,
                                                             const Artifact& artifact,
                                                             const pipe::Keys& keys, bool check) {
  std::unique_ptr<ArtifactReader> reader(new ArtifactReader);
  reader->artifact_ = artifact;
  reader->check_ = check;
  reader->stored_ = std::move(stored);
  auto decrypted = pipe::age_decrypt(*reader->stored_, keys);
  if (!decrypted) return decrypted.error().context(artifact.name);
  reader->decrypted_ = std::move(*decrypted);
  PGDR_TRY(reader->original_, pipe::zstd_source(*reader->decrypted_));
  if (check) reader->hashed_ = pipe::hash_source(*reader->original_);
  return reader;
}

Result<std::size_t> ArtifactReader::read(MutableBytes buffer) {
  auto got = hashed_ ? hashed_->read(buffer) : original_->read(buffer);
  if (!got) return got.error().context(artifact_.name);
  if (*got != 0 || !check_) return got;
  const pipe::Digest digest = hashed_->digest();
  if (digest.bytes != artifact_.original_bytes ||
      (!artifact_.original_sha256.empty() && digest.sha256 != artifact_.original_sha256)) {
    return Error::of(Code::kCorrupt,
                     fmt::format("{}: what it holds is not what was backed up", artifact_.name));
  }
  return got;
}

Result<std::string> read_artifact(const StoredBackup& backup, const Artifact& artifact,
                                  const pipe::Keys& keys, std::size_t limit) {
  PGDR_TRY(const auto reader, ArtifactReader::open(backup, artifact, keys, true));
  std::string text;
  std::vector<std::byte> buffer(kCopyBuffer);
  for (;;) {
    PGDR_TRY(const std::size_t got, reader->read(buffer));
    if (got == 0) return text;
    if (text.size() + got > limit) {
      return Error::of(Code::kCorrupt,
                       fmt::format("{} is longer than {} bytes", artifact.name, limit));
    }
    text.append(reinterpret_cast<const char*>(buffer.data()), got);
  }
}

Result<std::string> read_from_copies(const Backup& backup, const std::string& kind,
                                     const pipe::Keys& keys, std::size_t limit) {
  std::optional<Error> first;
  for (const auto& copy : backup.copies) {
    const Artifact* artifact = copy.manifest.find(kind);
    if (artifact == nullptr) continue;
    const Status whole = check_stored(copy, *artifact, {});
    auto text =
        whole ? read_artifact(copy, *artifact, keys, limit) : Result<std::string>(whole.error());
    if (text) {
      if (first) log_warning(*first);
      return text;
    }
    if (text.error().code == Code::kInterrupted) return text;
    if (!first) first = text.error();
  }
  if (first) return *first;
  return Error::of(Code::kNotFound,
                   fmt::format("backup {} has no {} artifact", backup.manifest().label, kind));
}

Result<std::string> read_stored_text(const StoredBackup& backup, const Artifact& artifact,
                                     std::size_t limit) {
  const std::string key = backup_prefix(backup.manifest.set, backup.manifest.label) + artifact.name;
  auto text = store::read_text(*backup.repository->store, key, limit);
  if (!text) {
    if (text.error().code == Code::kNotFound) return damaged(backup, artifact, "is missing");
    return text.error();
  }
  if (text->size() != artifact.stored_bytes || sha256_hex(*text) != artifact.stored_sha256) {
    return damaged(backup, artifact, "is not what was stored");
  }
  return text;
}

Status check_size(const StoredBackup& backup, const Artifact& artifact) {
  const std::string key = backup_prefix(backup.manifest.set, backup.manifest.label) + artifact.name;
  PGDR_TRY(const auto entry, backup.repository->store->stat(key));
  if (!entry) return damaged(backup, artifact, "is missing");
  return compare_size(backup, artifact, entry->size);
}

Status check_stored(const StoredBackup& backup, const Artifact& artifact,
                    const std::function<void(std::uint64_t)>& progress) {
  PGDR_TRY(const auto source, open_stored(backup, artifact));
  const auto hashed = pipe::hash_source(*source);
  std::vector<std::byte> buffer(kCopyBuffer);
  for (;;) {
    if (interrupted()) return interrupted_error();
    PGDR_TRY(const std::size_t got, hashed->read(buffer));
    if (got == 0) break;
    if (progress) progress(got);
  }
  const pipe::Digest digest = hashed->digest();
  PGDR_CHECK(compare_size(backup, artifact, digest.bytes));
  if (digest.sha256 != artifact.stored_sha256) {
    return damaged(backup, artifact, "is not what was stored: its SHA-256 digest differs");
  }
  return success();
}

}  // namespace pgdr::app
