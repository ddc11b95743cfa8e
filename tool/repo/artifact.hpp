// One artifact on its way into the repositories (compress, encrypt, digest before and after) and
// back.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "repo/chunk_list.hpp"
#include "repo/copies.hpp"
#include "repo/manifest.hpp"
#include "pipe/age.hpp"
#include "pipe/chunk_hash.hpp"
#include "pipe/stages.hpp"

namespace pgdr::app {

struct Sealing {
  pipe::Lock lock;
  int level = 3;
  int workers = 0;  // zstd's threads; 0: in the calling one
  // SHA-256 of the original bytes as well. It costs about half a second per GB and tells nothing
  // that age's authentication and zstd's own checksum of the content do not: off for dumps.
  bool original_digest = true;
  // Keep the digests of the stored bytes chunk by chunk (repo/chunk_list.hpp): for large artifacts.
  bool chunks = false;
};

// Receives the artifact's original bytes.
class ArtifactWriter final : public Sink {
 public:
  static Result<std::unique_ptr<ArtifactWriter>> open(CopySet& copies, const std::string& prefix,
                                                      const std::string& name,
                                                      const std::string& kind,
                                                      const Sealing& sealing);
  Status write(Bytes data) override;
  Status finish() override;

  [[nodiscard]] Artifact artifact() const;     // after finish()
  [[nodiscard]] ChunkList chunk_list() const;  // with Sealing::chunks, after finish()
  // So far; may be read by another thread.
  [[nodiscard]] std::uint64_t original_bytes() const { return original_now_; }
  [[nodiscard]] std::uint64_t stored_bytes() const { return stored_now_; }

 private:
  ArtifactWriter() = default;
  std::string name_;
  std::string kind_;
  std::unique_ptr<Sink> fanout_;
  std::unique_ptr<pipe::ChunkHashSink> chunks_;  // null: not wanted
  std::unique_ptr<pipe::HashSink> stored_;
  std::unique_ptr<Sink> encrypted_;
  std::unique_ptr<Sink> compressed_;
  std::unique_ptr<pipe::HashSink> original_;  // null: only counted
  std::atomic<std::uint64_t> original_now_{0};
  std::atomic<std::uint64_t> stored_now_{0};
};

// Gives the artifact's original bytes. With check, the end is reported only when size and digest of
// the original are those of the manifest.
class ArtifactReader final : public Source {
 public:
  static Result<std::unique_ptr<ArtifactReader>> open(const StoredBackup& backup,
                                                      const Artifact& artifact,
                                                      const pipe::Keys& keys, bool check);
  // From stored bytes that somebody else looks after.
  static Result<std::unique_ptr<ArtifactReader>> from(std::unique_ptr<Source> stored,
                                                      const Artifact& artifact,
                                                      const pipe::Keys& keys, bool check);
  Result<std::size_t> read(MutableBytes buffer) override;

 private:
  ArtifactReader() = default;
  Artifact artifact_;
  bool check_ = false;
  std::unique_ptr<Source> stored_;
  std::unique_ptr<Source> decrypted_;
  std::unique_ptr<Source> original_;
  std::unique_ptr<pipe::HashSource> hashed_;
};

// The whole of a small artifact. kCorrupt when it is longer than limit.
Result<std::string> read_artifact(const StoredBackup& backup, const Artifact& artifact,
                                  const pipe::Keys& keys, std::size_t limit);

// The artifact of that kind ("snapshot") from the first copy whose stored bytes are what was
// written and open to their end; what is wrong with the others is a warning. kNotFound when the
// backup has none; else the first copy's error.
Result<std::string> read_from_copies(const Backup& backup, const std::string& kind,
                                     const pipe::Keys& keys, std::size_t limit);

// The same of stored bytes as they are: of a list of chunks.
Result<std::string> read_stored_text(const StoredBackup& backup, const Artifact& artifact,
                                     std::size_t limit);

// Compares the stored size with the manifest: kCorrupt as check_stored() says it.
Status check_size(const StoredBackup& backup, const Artifact& artifact);

// Re-reads the stored bytes and compares size and digest with the manifest: kCorrupt "is truncated:
// 10 of 20 bytes", "is longer …", "does not have the digest …", "is missing".
Status check_stored(const StoredBackup& backup, const Artifact& artifact,
                    const std::function<void(std::uint64_t)>& progress);

}  // namespace pgdr::app
