// Trying a store out, for `pgdr doctor`: does it do what the contract promises, here and now?
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "store/store.hpp"

namespace pgdr::store {

// What happened to a small object of a name of its own (a letter, digits) below `folder` ("" or
// ending in '/'): stored, read back, listed, stored again with other content, removed. After the
// first error only the removal is still tried.
struct Probe {
  std::optional<Error> not_written;
  std::optional<Error> not_read;
  std::optional<Error> not_listed;  // not at once: what lists cannot be relied on
  std::optional<Error> not_removed;
  bool overwritten = false;  // other content under the same name was not refused
  // The store's clock minus ours, by the object's time; for stores that are not this host's disk it
  // includes how long storing took.
  std::chrono::seconds clock_ahead{0};
};
Probe probe_store(Store& store, const std::string& folder, const Clock& clock);

// Something to know about a kind of store or its set-up.
struct StoreFact {
  bool good = true;  // false: worth a warning
  std::string finding;
  std::string remedy;  // empty when good
};
// Asks the service where there is one: encryption on the way, versioning, object lock, conditional
// writes, what the server can do. What it will not tell is left out; no error.
std::vector<StoreFact> store_facts(const RepositoryConfig& repository);

}  // namespace pgdr::store
