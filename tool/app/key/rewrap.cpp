#include "app/key/rewrap.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "repo/artifact.hpp"
#include "repo/chunk_list.hpp"
#include "repo/marks.hpp"
#include "repo/restore_text.hpp"
#include "base/interrupt.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "db/catalog.hpp"
#include "pipe/chunk_hash.hpp"
#include "pipe/stages.hpp"

namespace pgdr::app {
namespace {

// One copy of one backup.
class Rewrapping {
 public:
  Rewrapping(const RewrapRequest& request, const pipe::Keys& keys, const pipe::Lock& lock,
             const SigningKey* signer, const StoredBackup& stored, const store::Lease& lease,
             RewrappedCopy& result)
      : request_(request),
        keys_(keys),
        lock_(lock),
        signer_(signer),
        stored_(stored),
        lease_(lease),
        result_(result),
        store_(*stored.repository->store),
        prefix_(backup_prefix(stored.manifest.set, stored.manifest.label)) {}

  Status run() {
    PGDR_CHECK(check_signature(stored_, request_.config.signing, false));
    PGDR_CHECK(nobody_reads());
    PGDR_TRY(const auto next, store_.stat(prefix_ + kNextManifestFile));
    if (next) {
      PGDR_CHECK(go_on());
    } else {
      // Of a rewrap that died just before it wrote that manifest, or just after it removed it.
      PGDR_CHECK(lease_.held());
      PGDR_CHECK(store_.remove(prefix_ + kNextSignatureFile));
    }
    // One that died at its very end left the old artifacts.
    if (already() && !request_.force) return remove_superseded(stored_.manifest);
    if (stored_.signature_file != kSignatureFile) {
      return Error::of(Code::kFailed, "its earlier rewrap was completed just now; run it again");
    }
    PGDR_TRY(const Manifest fresh, write_artifacts());
    const std::string text = manifest_text(fresh);
    std::string signature;
    if (signer_ != nullptr) {
      PGDR_TRY(signature, signer_->sign(text));
    }
    if (!signature.empty()) {
      PGDR_CHECK(store::write_text(store_, prefix_ + kNextSignatureFile, signature + "\n"));
    }
    PGDR_CHECK(store::write_text(store_, prefix_ + kNextManifestFile, text));
    PGDR_CHECK(put_in_force(fresh, text, signature));
    result_.changed = true;
    StoredBackup now = stored_;
    now.manifest = fresh;
    now.text = text;
    now.manifest_sha256 = sha256_hex(text);
    record_proof(now, ProofKind::kBytes, system_clock().now());
    tell_catalog(now);
    return success();
  }

 private:
  [[nodiscard]] bool already() const {
    std::vector<std::string> wanted;
    for (const auto& recipient : lock_.recipients) wanted.push_back(recipient.text);
    // Which passphrase, nobody can tell without trying.
    return sorted(stored_.manifest.recipients) == sorted(wanted);
  }

  Status nobody_reads() {
    PGDR_TRY(const auto entries, store_.list(stored_.manifest.set + "/leases/"));
    Marks marks;
    for (const auto& entry : entries) sort_mark(entry, stored_.manifest.set, marks);
    // Ages are judged by the clock that wrote them: a host ahead of it would take a reader for
    // dead.
    PGDR_TRY(const Time now, store_time(*stored_.repository, stored_.manifest.set));
    for (const auto& lease : marks.leases) {
      if (lease.label != stored_.manifest.label || !lease.live(now)) continue;
      return Error::of(Code::kLocked, fmt::format("it is being read ({})", lease.purpose),
                       "wait for that to end; a lease of a process that died ends two hours after "
                       "its last renewal");
    }
    return success();
  }

  // An earlier rewrap died. Before its manifest was removed nothing of it holds; after that all
  // does.
  Status go_on() {
    if (stored_.signature_file == kSignatureFile) {
      PGDR_TRY(const std::string next,
               store::read_text(store_, prefix_ + kNextManifestFile, kLongestManifest));
      if (next != stored_.text) {
        PGDR_CHECK(store_.remove(prefix_ + kNextManifestFile));
        return store_.remove(prefix_ + kNextSignatureFile);
      }
    }
    std::string signature;
    auto text = store::read_text(store_, prefix_ + kNextSignatureFile, 4096);
    if (text) {
      signature = *text;
      while (!signature.empty() && signature.back() == '\n') signature.pop_back();
    } else if (text.error().code != Code::kNotFound) {
      return text.error();
    } else if (stored_.signature_file == kSignatureFile) {
      // The end was nearly reached: only the next one's files were being removed.
      auto last = store::read_text(store_, prefix_ + kSignatureFile, 4096);
      if (last) signature = last->substr(0, last->find('\n'));
    }
    PGDR_CHECK(put_in_force(stored_.manifest, stored_.text, signature));
    result_.changed = true;
    return success();
  }

  Result<Manifest> write_artifacts() {
    Manifest fresh = stored_.manifest;
    fresh.recipients.clear();
    for (const auto& recipient : lock_.recipients) fresh.recipients.push_back(recipient.text);
    fresh.rewrapped_at = system_clock().now();
    fresh.repository_id = stored_.repository->id;
    ProgressState state{"rewrapping " + fresh.label + " in " + stored_.repository->name, 0,
                        stored_.manifest.stored_bytes() * 2, 0};
    // The list of chunks is made of the dump's, wherever the manifest names it.
    for (const bool lists : {false, true}) {
      for (auto& artifact : fresh.artifacts) {
        if ((artifact.kind == kChunksKind) == lists) PGDR_CHECK(write_artifact(artifact, state));
      }
    }
    StoredBackup now = stored_;
    now.manifest = fresh;
    for (const auto& artifact : fresh.artifacts) {
      PGDR_CHECK(check_stored(now, artifact, [&](std::uint64_t n) {
        state.bytes += n;
        request_.progress.update(state);
      }));
      result_.bytes += artifact.stored_bytes;
    }
    return fresh;
  }

  Status write_artifact(Artifact& artifact, ProgressState& state) {
    ArtifactName name = parse_artifact_name(artifact.name);
    ++name.generation;
    const std::string key = prefix_ + artifact_name(name);
    PGDR_CHECK(lease_.held());
    PGDR_CHECK(store_.remove(key));  // of a rewrap that died; nothing refers to it
    if (artifact.kind == kChunksKind) return write_chunks(artifact, artifact_name(name));
    PGDR_TRY(const auto source, store_.open(prefix_ + artifact.name));
    const auto read = pipe::hash_source(*source);
    PGDR_TRY(const auto upload, store_.create(key));
    const auto chunks = pipe::chunk_hash_sink(*upload, kChunkBytes);
    const auto written = pipe::hash_sink(chunks.get());
    const Status wrapped = pipe::age_rewrap(*read, keys_, lock_, *written);
    if (!wrapped) return wrapped.error().context(artifact.name);
    const pipe::Digest before = read->digest();
    if (before.sha256 != artifact.stored_sha256 || before.bytes != artifact.stored_bytes) {
      return Error::of(Code::kCorrupt, artifact.name + " is not what was stored",
                       "pgdr copy brings a good copy from another repository");
    }
    PGDR_CHECK(written->finish());
    const pipe::Digest after = written->digest();
    if (artifact.kind == "database") dump_chunks_ = {kChunkBytes, chunks->digests()};
    artifact.name = artifact_name(name);
    artifact.stored_bytes = after.bytes;
    artifact.stored_sha256 = after.sha256;
    state.bytes += after.bytes;
    request_.progress.update(state);
    return success();
  }

  // The stored dump is another one now, and so are its pieces.
  Status write_chunks(Artifact& artifact, const std::string& name) {
    if (dump_chunks_.sha256.empty()) {
      return Error::of(Code::kCorrupt, artifact.name + " lists the chunks of no dump");
    }
    const std::string text = chunks_text(dump_chunks_);
    PGDR_CHECK(store::write_text(store_, prefix_ + name, text));
    artifact.name = name;
    artifact.stored_bytes = artifact.original_bytes = text.size();
    artifact.stored_sha256 = artifact.original_sha256 = sha256_hex(text);
    return success();
  }

  // Each step may be repeated.
  Status put_in_force(const Manifest& fresh, const std::string& text,
                      const std::string& signature) {
    PGDR_CHECK(lease_.held());
    // Here the next manifest takes over.
    for (const char* name : {kManifestFile, kSignatureFile, kSumsFile, kRestoreTextFile}) {
      PGDR_CHECK(store_.remove(prefix_ + name));
    }
    PGDR_CHECK(store::write_text(store_, prefix_ + kSumsFile, sums_text(fresh)));
    PGDR_CHECK(store::write_text(store_, prefix_ + kRestoreTextFile, restore_text(fresh)));
    if (!signature.empty()) {
      PGDR_CHECK(store::write_text(store_, prefix_ + kSignatureFile, signature + "\n"));
    }
    PGDR_CHECK(store::write_text(store_, prefix_ + kManifestFile, text));
    PGDR_CHECK(lease_.held());
    PGDR_CHECK(store_.remove(prefix_ + kNextManifestFile));
    PGDR_CHECK(store_.remove(prefix_ + kNextSignatureFile));
    return remove_superseded(fresh);
  }

  // A reader that came in between has seen the old manifest, and keeps what it names: expire
  // removes that after a day.
  Status remove_superseded(const Manifest& fresh) {
    PGDR_TRY(const auto entries, store_.list(prefix_));
    std::vector<std::string> superseded;
    for (const auto& entry : entries) {
      const std::string name = entry.key.substr(prefix_.size());
      const bool other =
          std::any_of(fresh.artifacts.begin(), fresh.artifacts.end(), [&](const Artifact& a) {
            return name != a.name &&
                   parse_artifact_name(name).base == parse_artifact_name(a.name).base;
          });
      if (other) superseded.push_back(entry.key);
    }
    if (superseded.empty()) return success();
    const Status alone = nobody_reads();
    if (!alone) return alone.error().code == Code::kLocked ? success() : alone;
    for (const auto& key : superseded) {
      PGDR_CHECK(lease_.held());
      PGDR_CHECK(store_.remove(key));
    }
    return success();
  }

  void tell_catalog(const StoredBackup& now) {
    const auto attempt = [&]() -> Status {
      PGDR_TRY(const auto db, db::Connection::open(request_.set.database));
      PGDR_TRY(auto catalog, db::Catalog::open(*db));
      db::CopyRecord copy;
      copy.label = now.manifest.label;
      copy.repository = now.repository->name;
      copy.location = now.repository->location();
      copy.stored_bytes = now.manifest.stored_bytes();
      copy.manifest_sha256 = now.manifest_sha256;
      copy.checked_at = system_clock().now();
      PGDR_CHECK(catalog.copy_record(copy));
      return success();
    };
    const Status told = attempt();
    if (!told) log_verbose("the catalog does not learn of it: " + to_string(told.error()));
  }

  const RewrapRequest& request_;
  const pipe::Keys& keys_;
  const pipe::Lock& lock_;
  const SigningKey* signer_;
  const StoredBackup& stored_;
  const store::Lease& lease_;
  RewrappedCopy& result_;
  ChunkList dump_chunks_;
  store::Store& store_;
  const std::string prefix_;
};

// What opens the old headers, makes the new ones, and signs.
struct RewrapTools {
  pipe::Lock lock;
  pipe::Keys keys;
  std::optional<SigningKey> signer;
};

Result<RewrapTools> load_tools(const RewrapRequest& request) {
  RewrapTools tools;
  PGDR_TRY(tools.lock, load_lock(request.set));
  // Of the set's own passphrase file the new passphrase may be read; the old one is then given.
  PGDR_TRY(tools.keys, load_keys(with_defaults(request.keys, request.config, &request.set)));
  if (tools.keys.identities.empty() && tools.keys.passphrase.empty()) {
    return Error::of(Code::kNoKey, "rewrapping opens the old headers, and no key was given",
                     "--identity FILE with a private key of the old recipients");
  }
  if (!request.config.signing.key_file.empty()) {
    PGDR_TRY(tools.signer, SigningKey::load(request.config.signing.key_file));
  } else if (!request.config.signing.trusted.empty()) {
    return Error::of(Code::kNoKey, "a rewrapped manifest must be signed anew, and no key is there",
                     "run it where [signing] has a key_file");
  }
  return tools;
}

Result<std::vector<RewrappedCopy>> rewrap_all(const RewrapRequest& request,
                                              const RewrapTools& tools,
                                              OpenRepositories& repositories) {
  std::vector<RewrappedCopy> results;
  for (const auto& [name, error] : repositories.failed)
    results.push_back({"", name, false, 0, error});
  std::vector<std::unique_ptr<store::Lease>> leases;
  for (auto& repository : repositories.open) {
    auto lease = repository.store->lock(request.set.name);
    if (!lease) return lease.error().context("repository " + repository.name);
    leases.push_back(std::move(*lease));
  }
  PGDR_TRY(History history, read_history(repositories.open, request.set.name));
  for (const auto& error : history.unlisted) results.push_back({"", "", false, 0, error});
  const std::vector<BrokenBackup> broken = history.broken;
  std::vector<Backup> chosen;
  if (request.label.empty()) {
    chosen.assign(std::make_move_iterator(history.backups.rbegin()),
                  std::make_move_iterator(history.backups.rend()));
  } else {
    PGDR_TRY(Backup one, choose_backup(std::move(history), request.label));
    chosen.push_back(std::move(one));
  }
  // What cannot be read is not rewrapped; a folder without manifest is no backup.
  for (const auto& one : broken) {
    if (one.error.code == Code::kInterrupted) return one.error;
    if (one.error.code == Code::kRepositoryMissing) continue;
    if (!request.label.empty() && one.label != chosen.front().manifest().label) continue;
    results.push_back({one.label, one.repository->name, false, 0, one.error});
  }
  for (const auto& backup : chosen) {
    for (const auto& copy : backup.copies) {
      const auto at = static_cast<std::size_t>(copy.repository - repositories.open.data());
      RewrappedCopy result{copy.manifest.label, copy.repository->name, false, 0, std::nullopt};
      const Status done =
          Rewrapping(request, tools.keys, tools.lock, tools.signer ? &*tools.signer : nullptr, copy,
                     *leases[at], result)
              .run();
      request.progress.done();
      if (!done) {
        result.error = done.error().context(
            fmt::format("backup {} in repository {}", result.label, result.repository));
      }
      const bool stop = !done && done.error().code == Code::kInterrupted;
      results.push_back(std::move(result));
      if (stop) return results;
    }
  }
  return results;
}

}  // namespace

Result<std::vector<RewrappedCopy>> run_rewrap(const RewrapRequest& request) {
  PGDR_TRY(const RewrapTools tools, load_tools(request));
  std::vector<std::string> names = request.set.repositories;
  if (!request.repository.empty()) names = {request.repository};
  PGDR_TRY(OpenRepositories repositories, open_repositories(request.config, names));
  return rewrap_all(request, tools, repositories);
}

Result<std::vector<RewrappedCopy>> rewrap_opened(const RewrapRequest& request,
                                                 OpenRepositories& repositories) {
  PGDR_TRY(const RewrapTools tools, load_tools(request));
  return rewrap_all(request, tools, repositories);
}

}  // namespace pgdr::app
