#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "app/doctor/doctor_checks.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace pgdr::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// More than storing a small object and rounding to whole seconds explain.
constexpr seconds kTolerableSkew{60};
constexpr seconds kUsualRpo = std::chrono::hours(24);

// What the next backup will take: as much as the last, or, before the first, surely no more than
// the database.
std::uint64_t expected_bytes(const DoctorFacts& facts) {
  return facts.newest ? facts.newest->stored_bytes : facts.server.database_bytes;
}

void check_room(const DoctorFacts& facts, const RepositoryFacts& repository, Checks& out) {
  if (!repository.free_bytes) return;
  const std::string name = "room " + repository.name;
  const std::uint64_t need = expected_bytes(facts);
  if (need == 0) {
    ok(out, name, fmt::format("{} free", format_bytes(*repository.free_bytes)));
    return;
  }
  const std::string words =
      fmt::format("{} free, {} {}", format_bytes(*repository.free_bytes), format_bytes(need),
                  facts.newest ? "was the last backup" : "is the database");
  const std::string remedy = "make room, or use a larger disk";
  if (*repository.free_bytes < need && facts.newest) {
    fail(out, name, words, remedy);
  } else if (*repository.free_bytes / 2 < need) {
    warn(out, name, words, remedy);
  } else {
    ok(out, name, words);
  }
}

// What a store promises beyond keeping bytes.
void check_promises(const RepositoryFacts& repository, Checks& out) {
  const std::string name = "store " + repository.name;
  if (repository.overwrites) {
    fail(out, name, "it overwrites: other content under a name that was taken was not refused",
         "two runs at once could spoil each other's backups there: do not use it");
  }
  const seconds apart = std::chrono::abs(repository.clock_ahead);
  if (apart > kTolerableSkew) {
    warn(out, name,
         fmt::format("its clock is {} {} this host's", format_duration(apart),
                     repository.clock_ahead.count() > 0 ? "ahead of" : "behind"),
         "set both clocks (NTP): the ages of backups and locks rest on them");
  }
  for (const store::StoreFact& fact : repository.facts) {
    if (fact.good) {
      ok(out, name, fact.finding);
    } else {
      warn(out, name, fact.finding, fact.remedy);
    }
  }
}

void check_repository(const DoctorFacts& facts, const RepositoryFacts& repository, Checks& out) {
  const std::string name = "repository " + repository.name;
  for (const auto* error :
       {&repository.error, &repository.listing_error, &repository.not_writable,
        &repository.not_readable, &repository.not_listed, &repository.not_removable}) {
    if (*error) {
      fail(out, name, **error);
      return;
    }
  }
  const std::string words =
      fmt::format("{} is writable, {}", repository.location, plural(repository.backups, "backup"));
  if (repository.broken > 0) {
    warn(out, name,
         fmt::format("{}; {} without a readable manifest", words,
                     plural(repository.broken, "folder")),
         "\"pgdr list\" names them: they are no backups");
  } else if (repository.open_to_others) {
    warn(out, name, words + "; other users may enter it",
         fmt::format("chmod 700 {}", repository.location));
  } else {
    ok(out, name, words);
  }
  if (repository.leftovers > 0) {
    warn(out, name,
         fmt::format("{} of a run that was cut off", plural(repository.leftovers, "leftover")),
         "the next backup clears them away");
  }
  check_promises(repository, out);
  check_room(facts, repository, out);
}

}  // namespace

void check_config(const DoctorFacts& facts, Checks& out) {
  if (!facts.config_open_to_others) {
    ok(out, "configuration", facts.config_path);
    return;
  }
  fail(out, "configuration",
       fmt::format("{} holds a password and can be read by other users", facts.config_path),
       fmt::format("move the password into ~/.pgpass (0600); until then: chmod 600 {}",
                   facts.config_path),
       Code::kUsage);
}

void check_repositories(const DoctorFacts& facts, Checks& out) {
  for (const RepositoryFacts& repository : facts.repositories) {
    check_repository(facts, repository, out);
  }
}

void check_recipients(const DoctorFacts& facts, Checks& out) {
  const KeyFacts& keys = facts.keys;
  if (keys.lock_error) {
    fail(out, "encryption", *keys.lock_error);
    out.back().code = Code::kNoKey;
  } else if (keys.passphrase) {
    warn(out, "encryption", "a passphrase: this host can read its own backups",
         "use recipients (\"pgdr key generate\"), so that it cannot");
  } else if (keys.recipients.size() == 1) {
    warn(out, "encryption", "one recipient: if that key is lost, so is every backup",
         "add a second recipient whose key is kept elsewhere");
  } else {
    ok(out, "encryption", plural(keys.recipients.size(), "recipient"));
  }
}

void check_identity(const DoctorFacts& facts, Checks& out) {
  const KeyFacts& keys = facts.keys;
  if (keys.identity_file.empty()) {
    ok(out, "identity", "no private key on this host");
    return;
  }
  if (keys.identity_protected) {
    ok(out, "identity",
       "a private key is on this host, behind a passphrase: " + keys.identity_file);
    return;
  }
  if (keys.identity_error) {
    fail(out, "identity", *keys.identity_error);
    out.back().code = Code::kNoKey;
    return;
  }
  const bool fits =
      keys.passphrase ||
      std::any_of(keys.identity_recipients.begin(), keys.identity_recipients.end(),
                  [&](const std::string& one) { return contains(keys.recipients, one); });
  if (!fits && !keys.lock_error) {
    fail(out, "identity", keys.identity_file + " opens none of this set's backups",
         "is it another set's key, or was it replaced?", Code::kNoKey);
    return;
  }
  warn(out, "identity", "the private key is on this host: " + keys.identity_file,
       "if this host makes backups, keep the key elsewhere and give it to a restore with "
       "--identity");
}

void check_signing(const DoctorFacts& facts, Checks& out) {
  const KeyFacts& keys = facts.keys;
  if (keys.signing_file.empty()) {
    warn(out, "signing", "manifests are not signed: a forged backup would not be noticed",
         "\"pgdr key generate --signing -o FILE\", then [signing] key_file and trusted");
  } else if (keys.signing_error) {
    fail(out, "signing", *keys.signing_error);
    out.back().code = Code::kNoKey;
  } else if (!contains(keys.trusted, keys.signing_public)) {
    fail(out, "signing", "the signing key is not among the trusted ones: own backups are refused",
         fmt::format("add to [signing] trusted: {}", keys.signing_public), Code::kUsage);
  } else {
    ok(out, "signing", keys.signing_public);
  }
}

// An escrowed key that nobody ever tried may be the wrong one.
void check_key_proven(const DoctorFacts& facts, Checks& out) {
  if (!facts.newest) return;
  if (!facts.newest->opened_at) {
    warn(out, "key proven",
         "no restore or deep verification has shown that a key opens " + facts.newest->label,
         fmt::format(
             "pgdr verify --deep --set {} --identity FILE, with the key from where it is kept",
             facts.set.name));
  } else {
    const auto ago = std::chrono::duration_cast<milliseconds>(facts.now - *facts.newest->opened_at);
    ok(out, "key proven",
       facts.newest->opened_label == facts.newest->label
           ? fmt::format("the newest backup was opened {} ago", format_duration(ago))
           : fmt::format("{}, locked to the same keys, was opened {} ago",
                         facts.newest->opened_label, format_duration(ago)));
  }
}

void check_newest(const DoctorFacts& facts, Checks& out) {
  const bool any_readable =
      std::any_of(facts.repositories.begin(), facts.repositories.end(),
                  [](const RepositoryFacts& one) { return !one.error && !one.listing_error; });
  if (!any_readable) return;
  for (const std::string& lost : facts.lost) {
    fail(
        out, "newest backup", lost,
        "find out who deleted it; \"pgdr copy\" brings it from another repository, \"pgdr backup\" "
        "makes a new one",
        Code::kRepositoryMissing);
  }
  for (const std::string& behind : facts.behind) {
    warn(out, "newest backup",
         fmt::format("repository {} does not hold {}, the newest of another repository", behind,
                     facts.newest->label),
         "pgdr copy --all brings it there");
  }
  if (!facts.newest) {
    warn(out, "newest backup", "there is none yet",
         fmt::format("pgdr backup --set {}", facts.set.name));
    return;
  }
  const seconds rpo = facts.server.rpo_seconds ? seconds(*facts.server.rpo_seconds) : kUsualRpo;
  const auto age =
      std::chrono::duration_cast<milliseconds>(facts.now - facts.newest->recovery_point);
  const std::string words = fmt::format("{}, {} old", facts.newest->label,
                                        format_duration(std::max(age, milliseconds(0))));
  if (age > rpo) {
    warn(out, "newest backup",
         fmt::format("{}; the objective is {}", words, format_duration(milliseconds(rpo))),
         "make one now (pgdr backup), and find out why none was made in time");
  } else {
    ok(out, "newest backup", words);
  }
}

}  // namespace pgdr::app
