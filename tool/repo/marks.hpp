// Marks beside a set's backups in a repository: what must be known of a backup even when the
// database with the catalog is gone. Each is a small object of its own, written once and never
// changed; what it says is in its name as far as possible, so that a listing is enough.
//
//   <set>/pins/<label>.<token>.json               must not expire (until …); `pgdr keep`
//   <set>/leases/<label>.<purpose>.<token>.<n>    is being read; renewed by writing number n + 1
//   <set>/proofs/<label>.<kind>.<time>.<digest>   was re-read or restored, and what came of it
//   <set>/expired/<label>.<time>                  is being deleted, or was and the catalog does not
//                                                 know yet; its labels are its content, and their
//                                                 manifests
//
// None is signed: who may write here may also delete backups, and a forged mark does no more. A pin
// carries a checksum, for damage must not shorten it. Format: doc/repository-format.md.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "repo/repository.hpp"

namespace pgdr::app {

// A lease that was not renewed for so long belongs to a process that died.
inline constexpr std::chrono::hours kLeaseLifetime{2};

struct Pin {
  std::string key;
  std::string label;
  std::optional<Time> until;  // nullopt: for ever
  std::string reason;
  Time created_at{};
  std::string by;
  bool here_only = false;  // meant for this repository; else it holds in all of the set's
};

struct LeaseMark {
  std::string key;
  std::string label;
  std::string purpose;
  Time renewed_at{};  // by the store's clock
  [[nodiscard]] bool live(Time now) const { return now - renewed_at < kLeaseLifetime; }
};

// What was found out about one copy.
enum class ProofKind {
  kBytes,     // every stored byte is what was written
  kContent,   // and it decrypts and unpacks to the end
  kRestored,  // and a restored database is what was backed up
  kDamaged,   // it is not
};
struct ProofMark {
  std::string key;
  std::string label;
  ProofKind kind{};
  Time at{};
  std::string manifest_digest;  // the first 16 digits of the manifest's SHA-256
  [[nodiscard]] bool about(const StoredBackup& backup) const {
    return label == backup.manifest.label && backup.manifest_sha256.starts_with(manifest_digest);
  }
};

struct ExpiredMark {
  std::string key;
  std::string label;  // the first of its labels
};

struct Marks {
  std::vector<std::string> pin_keys;  // their content: read_pins()
  std::vector<LeaseMark> leases;
  std::vector<ProofMark> proofs;
  std::vector<ExpiredMark> expired;
};

// Takes a key below "<set>/" if it is a mark's. false: it is none.
bool sort_mark(const store::Entry& entry, const std::string& set, Marks& marks);

// The label in a pin's key.
std::string pinned_label(const std::string& key);

// kCorrupt when one cannot be read: it may be the pin that matters.
Result<std::vector<Pin>> read_pins(Repository& repository, const std::string& set,
                                   const std::vector<std::string>& keys);
Result<std::vector<Pin>> list_pins(Repository& repository, const std::string& set);
// Writes the new pin, then removes the label's older ones; a crash between leaves both, and the
// longer holds.
Status write_pin(Repository& repository, const std::string& set, const Pin& pin);
// How many there were.
Result<std::size_t> remove_pins(Repository& repository, const std::string& set,
                                const std::string& label);
// Of several the one that lasts longest; nullopt: none that lasts beyond now.
std::optional<Pin> strongest_pin(const std::vector<Pin>& pins, const std::string& label, Time now);

// Best effort: a repository that cannot be written to is a line in the log.
void record_proof(const StoredBackup& backup, ProofKind kind, Time at);
// The newest proof of each copy decides: nullopt when there is none.
std::optional<ProofMark> newest_proof(const Marks& marks, const StoredBackup& backup);

// What a deletion takes away first, kept in its mark: who dies before it is known that nobody wants
// the backup any more leaves the means to undo that.
struct ExpiredManifest {
  std::string label;
  std::string file;                 // its name in the backup's folder
  std::string text;                 // its bytes
  std::vector<std::string> beside;  // names of all other objects of the folder
};

// Before the manifests go (labels: at least one). The mark's key; it is removed when nothing is
// left of any of them and the catalog knows. A label whose manifest is there was not deleted.
Result<std::string> write_expired(Repository& repository, const std::string& set,
                                  const std::vector<std::string>& labels, Time at,
                                  const std::vector<ExpiredManifest>& manifests = {});
// Those that the mark holds whole; of an earlier version's mark none.
Result<std::vector<ExpiredManifest>> read_expired_manifests(const Repository& repository,
                                                            const ExpiredMark& mark);
// Empty when it was removed just now.
Result<std::set<std::string>> read_expired(const Repository& repository, const ExpiredMark& mark);
// Of all marks.
Result<std::set<std::string>> list_expired(const Repository& repository, const std::string& set);
// What the repository's own clock says, by the time of an object that is written and removed. The
// ages of leases and leftovers are told by it, for a host whose clock is ahead would take for dead
// what is not.
Result<Time> store_time(Repository& repository, const std::string& set);

}  // namespace pgdr::app
