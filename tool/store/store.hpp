// Store: where artifacts are kept. One small contract that every kind of repository fulfils
// unchanged; test/unit/ store_contract.hpp is its conformance suite.
//
// Keys are relative paths of [A-Za-z0-9._-]+ parts joined by '/'; anything else is kUsage (no "..",
// no empty part, none that begins with a dot: such names are the stores' own).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/stream.hpp"

namespace pgdr::store {

struct Entry {
  std::string key;
  std::uint64_t size = 0;
  Time modified{};
};

// An object being written. Nothing is visible under its key until finish() returns success; then it
// is complete and durable (fsync of file and folder, or the service's own acknowledgement).
// Destroyed without finish(): as if never started, save for a temporary that leftovers() lists.
class Upload : public Sink {};

// A lock that is held until destroyed. In a local store the system releases it when the process
// dies and it cannot be lost. In a store across a network it is renewed by a thread of its own
// (every 200 seconds) and becomes another's ten minutes after the last renewal that succeeded: this
// process may have been stopped, or cut off, for longer than that without noticing.
//
// So whoever does under a lock what cannot be undone asks held() immediately before each such step,
// and gives up with its error:
//
//   PGDR_TRY(const auto lease, store.lock(set));
//   for (const std::string& key : doomed) {
//     PGDR_CHECK(lease->held());        // kLocked: somebody else may be at work here
//     PGDR_CHECK(store.remove(key));
//   }
//
// held() asks nobody, is cheap and thread safe. It cannot promise anything about the moment after:
// a step that a rival must not see half done is one object that appears or disappears whole (a
// manifest written last, deleted first). Destroying a lease that was lost releases nothing.
class Lease {
 public:
  virtual ~Lease() = default;
  // kLocked, for good, once another process may hold the lock.
  [[nodiscard]] virtual Status held() const { return success(); }
};

class Store {
 public:
  virtual ~Store() = default;
  // For messages: "/var/backups/pgdr", "s3://bucket/prefix", "sftp://user@host/path".
  [[nodiscard]] virtual std::string location() const = 0;

  // kExists at finish() if the key exists with other content; identical content succeeds (HAZARDS
  // 12).
  virtual Result<std::unique_ptr<Upload>> create(const std::string& key) = 0;
  // Bytes from offset to the end. kNotFound. A short read of the medium is an error, never an early
  // end.
  virtual Result<std::unique_ptr<Source>> open(const std::string& key,
                                               std::uint64_t offset = 0) = 0;
  // The same, ending after `length` bytes, or with the object where that is shorter. Without a form
  // of its own a store opens to the end, and what is not wanted is not read.
  virtual Result<std::unique_ptr<Source>> open_range(const std::string& key, std::uint64_t offset,
                                                     std::uint64_t length);
  virtual Result<std::optional<Entry>> stat(
      const std::string& key) = 0;  // nullopt: certainly absent
  // Every object whose key starts with prefix ("" or ending in '/'), sorted by key; temporaries
  // excluded. Complete or an error: never a partial list (HAZARDS 6).
  virtual Result<std::vector<Entry>> list(const std::string& prefix) = 0;
  virtual Status remove(const std::string& key) = 0;  // absent: success; thread safe
  // Removes them all, in no order that could be relied on; absent ones count as removed. After an
  // error (the first that came) any of them may be gone and any may be left. Without a form of its
  // own a store removes several at a time.
  virtual Status remove_many(const std::vector<std::string>& keys);
  // Temporaries of uploads that never finished, under prefix.
  virtual Result<std::vector<Entry>> leftovers(const std::string& prefix) = 0;
  virtual Status remove_leftover(const Entry& entry) = 0;
  // Exclusive lock by name among processes; kLocked at once when held, naming the holder where
  // known.
  virtual Result<std::unique_ptr<Lease>> lock(const std::string& name) = 0;
  // Free space for new objects, nullopt where unknown.
  virtual Result<std::optional<std::uint64_t>> free_space() = 0;
};

// A directory. kRepositoryMissing if it is not there; create_dir makes it (0700) instead.
Result<std::unique_ptr<Store>> open_local(const std::string& path, bool create_dir = false);

Result<std::string> read_text(Store& store, const std::string& key, std::size_t limit = 64 << 20);
Status write_text(Store& store, const std::string& key, const std::string& text);
bool valid_key(const std::string& key);
// For implementations: kUsage unless it is a key, or a prefix ("" or ending in '/').
Status check_key(const std::string& key);
Status check_prefix(const std::string& prefix);

}  // namespace pgdr::store
