#include "app/retention/expire.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "app/retention/expire_catalog.hpp"
#include "repo/survey.hpp"
#include "repo/unfinished.hpp"
#include "base/format.hpp"
#include "base/warn.hpp"
#include "base/interrupt.hpp"
#include "base/parallel.hpp"

namespace pgdr::app {
namespace {

// So many manifests go before one look at the leases: a look is a listing. A run that dies leaves
// the artifacts of so many backups without a manifest, at most.
constexpr std::size_t kBatch = 250;
// And manifests of so many bytes, unless it is one: their mark holds them, and earlier versions
// read no mark that is longer than 64 KiB.
constexpr std::size_t kBatchBytes = std::size_t{32} << 10U;

using RepositoryPins = std::vector<std::pair<std::string, Pin>>;  // by the repository's name
struct SetPins {
  RepositoryPins known;
  std::vector<std::pair<std::string, Error>> unknown;  // repositories whose pins cannot be read
};

class RepositoryExpiry {
 public:
  // pins: of all of the set's repositories.
  RepositoryExpiry(const ExpireRequest& request, Repository& repository, ExpireCatalog& catalog,
                   const SetPins& pins, ExpireResult& result)
      : request_(request),
        set_(request.set.name),
        repository_(repository),
        catalog_(catalog),
        elsewhere_(pins.known),
        unknown_pins_(pins.unknown),
        result_(result) {}

  Status run() {
    const RepositoryConfig& config = request_.config.repositories.at(repository_.name);
    if (!config.retention.any()) {
      return Error::of(Code::kUsage,
                       fmt::format("no rule says what to keep in repository {}", repository_.name),
                       "add [retention] with keep_nightly = 14 or the like: doc/retention.md");
    }
    PGDR_TRY(const TimeZone zone, TimeZone::load(config.retention.time_zone));
    result_.time_zone = zone.name();
    if (!request_.dry_run) {
      // No backup runs meanwhile, and no other expiry.
      PGDR_TRY(lock_, repository_.store->lock(set_));
      PGDR_TRY(now_, store_time(repository_, set_));
      PGDR_CHECK(put_back_claimed());
    } else {
      now_ = system_clock().now();
    }
    PGDR_TRY(RetentionInput input, look());
    input.policy = config.retention;
    input.several_systems = request_.several_systems;
    result_.plan = plan_retention(input, zone);
    find_leftovers();
    if (!result_.plan.refusals.empty()) {
      return Error::of(Code::kProtected,
                       fmt::format("nothing was deleted in repository {}: {}", repository_.name,
                                   fmt::join(result_.plan.refusals, "; ")),
                       refusal_hint());
    }
    if (request_.dry_run) return success();
    PGDR_CHECK(remove_expired());
    PGDR_CHECK(remove_leftovers());
    catch_up();
    return success();
  }

 private:
  [[nodiscard]] std::string refusal_hint() const {
    for (const auto& broken : survey_.broken) {
      return fmt::format("look at {}{} and move it out of the repository if it is lost",
                         repository_.location() + "/", backup_prefix(set_, broken.label));
    }
    if (!survey_.unknown.empty()) return "move what does not belong there out of the repository";
    return "nothing goes while there is doubt; pgdr expire --dry-run tells what would";
  }

  // A repository that is not there is just that; everything else is a doubt about what it holds.
  static Error uncertain(const Error& why) {
    Error error = why.context("nothing was deleted, for what there is is not certain");
    if (error.code != Code::kRepositoryMissing) error.code = Code::kProtected;
    error.retryable = false;
    return error;
  }

  Result<RetentionInput> look() {
    auto survey = survey_set(repository_, set_);
    if (!survey) {
      if (survey.error().code == Code::kInterrupted) return survey.error();
      return uncertain(survey.error());
    }
    survey_ = std::move(*survey);
    RetentionInput input;
    const Time here = system_clock().now();
    input.now = now_ + kClockTolerance < here ? now_ : here;
    input.newest_object = survey_.newest_object;
    input.unknown = survey_.unknown;
    for (const auto& broken : survey_.broken) input.doubts.push_back(to_string(broken.error));
    auto pins = read_pins(repository_, set_, survey_.marks.pin_keys);
    if (pins) {
      for (const auto& pin : *pins) input.pins.push_back({pin.label, pin.until, pin.reason});
    } else if (pins.error().code == Code::kCorrupt || pins.error().code == Code::kUsage) {
      input.doubts.push_back(to_string(pins.error()));
    } else if (pins.error().code == Code::kInterrupted) {
      return pins.error();
    } else {
      return uncertain(pins.error());
    }
    for (const auto& [repository, error] : unknown_pins_) {
      if (repository == repository_.name) continue;
      input.doubts.push_back(
          to_string(error.context("what is pinned in repository " + repository + " is not known")));
    }
    for (const auto& [repository, pin] : elsewhere_) {
      if (repository == repository_.name || pin.here_only) continue;
      const std::string where = "in repository " + repository;
      input.pins.push_back(
          {pin.label, pin.until, pin.reason.empty() ? where : pin.reason + ", " + where});
    }
    for (const auto& lease : survey_.marks.leases) {
      if (lease.live(now_)) input.leased.insert(lease.label);
    }
    PGDR_CHECK(read_expired_marks());
    for (const auto& surveyed : survey_.backups) input.backups.push_back(judge(surveyed));
    PGDR_CHECK(check_signatures(input.doubts));
    note_lost_pins(input);
    return input;
  }

  RetainedBackup judge(const SurveyedBackup& surveyed) {
    const StoredBackup& stored = surveyed.stored;
    RetainedBackup one;
    one.label = stored.manifest.label;
    one.stopped_at = stored.manifest.finished_at;
    one.system_identifier = stored.manifest.system_identifier;
    one.klass = stored.manifest.klass;
    one.bytes = stored.manifest.stored_bytes();
    const auto proof = newest_proof(survey_.marks, stored);
    const auto known = catalog_.known(repository_.name, one.label);
    one.verified = (proof && proof->kind != ProofKind::kDamaged) || (known && known->verified);
    if (proof && proof->kind == ProofKind::kDamaged) one.good = false;
    // A repaired copy was proven after the catalog learned of the damage.
    const bool healed = proof && proof->kind != ProofKind::kDamaged &&
                        (!known || !known->checked_at || *known->checked_at < proof->at);
    if (known && known->damaged && !healed) one.good = false;
    // Made, but never provable: it keeps no slot, and no good one goes for it.
    if (stored.manifest.incomplete) one.good = false;
    if (!surveyed.lacking.empty()) {
      one.good = false;
      result_.warnings.push_back(
          fmt::format("backup {}: {}", one.label, fmt::join(surveyed.lacking, ", ")));
    }
    if (!one.good) one.verified = false;
    return one;
  }

  Status check_signatures(std::vector<std::string>& doubts) {
    if (request_.config.signing.trusted.empty()) return success();
    std::mutex mutex;
    return for_each_parallel(survey_.backups.size(), [&](std::size_t i) -> Status {
      const auto trust = check_signature(survey_.backups[i].stored, request_.config.signing,
                                         request_.accept_unsigned);
      if (trust) return success();
      if (trust.error().code != Code::kCorrupt) return trust.error();
      const std::lock_guard lock(mutex);
      doubts.push_back(to_string(trust.error()));
      return success();
    });
  }

  void note_lost_pins(const RetentionInput& input) {
    for (const auto& pin : input.pins) {
      if (pin.until && *pin.until <= input.now) continue;
      const bool foreign = std::none_of(survey_.marks.pin_keys.begin(),
                                        survey_.marks.pin_keys.end(), [&](const std::string& key) {
                                          return key.starts_with(set_ + "/pins/" + pin.label + ".");
                                        });
      if (foreign) continue;  // it need not be here
      const bool there = std::any_of(input.backups.begin(), input.backups.end(),
                                     [&](const auto& one) { return one.label == pin.label; });
      if (there) continue;
      result_.warnings.push_back(fmt::format(
          "backup {} is pinned, but repository {} does not hold it", pin.label, repository_.name));
    }
  }

  void find_leftovers() {
    std::vector<std::string> over = catalog_.over();
    for (const auto& [key, labels] : expired_)
      over.insert(over.end(), labels.begin(), labels.end());
    std::set<std::string> pinned;
    for (const auto& [repository, pin] : elsewhere_) {
      if (!pin.here_only && repository != repository_.name) pinned.insert(pin.label);
    }
    unfinished_ = find_unfinished(survey_, over, now_, pinned);
    result_.leftovers = unfinished_.dead;
    result_.young = unfinished_.young;
  }

  // What earlier runs were deleting when they died, or deleted while the catalog could not be
  // reached.
  Status read_expired_marks() {
    for (const auto& mark : survey_.marks.expired) {
      PGDR_TRY(auto labels, read_expired(repository_, mark));
      for (const auto& folder : survey_.folders) {
        if (folder.manifest) labels.erase(folder.label);  // it was spared, or its turn never came
      }
      expired_.emplace_back(mark.key, std::move(labels));
    }
    return success();
  }

  // Once nothing is left of them.
  void catch_up() {
    if (!catalog_.reachable()) return;
    std::vector<std::string> told;
    for (const auto& [key, labels] : expired_) {
      Status done = success();
      for (const auto& label : labels) {
        const auto& young = result_.young;
        if (std::find(young.begin(), young.end(), label) != young.end()) {
          done = Error::of(Code::kLocked,
                           fmt::format("what is left of backup {} in repository {} "
                                       "is being read or pinned: it goes in a later run",
                                       label, repository_.name));
        }
        if (done) done = catalog_.deleted(repository_, label);
      }
      if (done) {
        told.push_back(key);
      } else {
        result_.warnings.push_back(to_string(done.error()));
      }
    }
    const Status done = repository_.store->remove_many(told);
    if (!done) result_.warnings.push_back(to_string(done.error()));
  }

  // Of a run that died after it took manifests away, and before it looked who had begun to read or
  // pin their backups meanwhile: these exist again, as if it had looked. Whatever lacks something
  // stays as it is.
  Status put_back_claimed() {
    PGDR_TRY(const auto marks, repository_.store->list(set_ + "/expired/"));
    if (marks.empty()) return success();
    PGDR_TRY(const Survey found, list_set(repository_, set_));
    std::set<std::string> claimed;
    for (const auto& key : found.marks.pin_keys) claimed.insert(pinned_label(key));
    for (const auto& [repository, pin] : elsewhere_) {
      if (!pin.here_only && repository != repository_.name) claimed.insert(pin.label);
    }
    for (const auto& lease : found.marks.leases) {
      if (lease.live(now_)) claimed.insert(lease.label);
    }
    std::set<std::string> bare;  // claimed labels without manifest
    std::set<std::string> there;
    for (const auto& folder : found.folders) {
      if (folder.manifest || !claimed.contains(folder.label)) continue;
      bare.insert(folder.label);
      for (const auto& object : folder.objects) there.insert(object.key);
    }
    if (bare.empty()) return success();
    for (const auto& mark : found.marks.expired) {
      PGDR_TRY(const auto manifests, read_expired_manifests(repository_, mark));
      for (const auto& one : manifests) {
        const std::string prefix = backup_prefix(set_, one.label);
        const bool whole = bare.contains(one.label) &&
                           std::all_of(one.beside.begin(), one.beside.end(), [&](const auto& name) {
                             return there.contains(prefix + name);
                           });
        if (!whole) continue;
        PGDR_CHECK(lock_->held());
        PGDR_CHECK(store::write_text(*repository_.store, prefix + one.file, one.text));
        result_.spared.push_back(one.label);
        bare.erase(one.label);
      }
    }
    return success();
  }

  Status remove_expired() {
    std::vector<const SurveyedBackup*> going;
    std::map<std::string, const SurveyedBackup*> by_label;
    for (const auto& surveyed : survey_.backups) {
      by_label[surveyed.stored.manifest.label] = &surveyed;
    }
    // Oldest first: whatever stops this, the newest of them are left.
    const auto& decisions = result_.plan.decisions;
    for (auto decision = decisions.rbegin(); decision != decisions.rend(); ++decision) {
      if (!decision->keep) going.push_back(by_label.at(decision->backup.label));
    }
    for (std::size_t from = 0, to = 0; from < going.size(); from = to) {
      std::size_t bytes = 0;
      while (to < going.size() && to - from < kBatch) {
        bytes += going[to]->stored.text.size();
        if (to > from && bytes > kBatchBytes) break;
        ++to;
      }
      request_.progress.update({"deleting in " + repository_.name, from, going.size(), 0});
      Status done = remove_batch({going.begin() + static_cast<std::ptrdiff_t>(from),
                                  going.begin() + static_cast<std::ptrdiff_t>(to)});
      if (!done) {
        request_.progress.done();
        return done;
      }
    }
    request_.progress.done();
    return success();
  }

  // The name that it was read from: its signature goes with that.
  static const char* manifest_file(const StoredBackup& stored) {
    return stored.signature_file == kSignatureFile ? kManifestFile : kNextManifestFile;
  }

  Status remove_batch(std::vector<const SurveyedBackup*> batch) {
    store::Store& store = *repository_.store;
    PGDR_CHECK(lock_->held());
    std::vector<std::string> labels;
    std::vector<std::string> manifests;
    std::vector<std::string> next;  // they would take the manifests' place
    std::vector<ExpiredManifest> kept;
    for (const auto* one : batch) {
      const std::string prefix = backup_prefix(set_, one->stored.manifest.label);
      kept.push_back(
          {one->stored.manifest.label, manifest_file(one->stored), one->stored.text, {}});
      labels.push_back(one->stored.manifest.label);
      manifests.push_back(prefix + kManifestFile);
      for (const auto& object : survey_.folders[one->folder].objects) {
        if (object.key == prefix + kNextManifestFile) {
          next.push_back(object.key);
        } else if (object.key != prefix + kManifestFile) {
          kept.back().beside.push_back(object.key.substr(prefix.size()));
        }
      }
    }
    // Whoever dies from here on leaves folders without manifest that the catalog believes to be
    // backups: the mark says what they are.
    PGDR_TRY(const std::string mark, write_expired(repository_, set_, labels, now_, kept));
    PGDR_CHECK(store.remove_many(next));
    PGDR_CHECK(store.remove_many(manifests));
    PGDR_TRY(const std::set<std::string> claimed, claimed_meanwhile());
    for (auto at = batch.begin(); at != batch.end();) {
      const StoredBackup& stored = (*at)->stored;
      if (!claimed.contains(stored.manifest.label)) {
        ++at;
        continue;
      }
      PGDR_CHECK(store::write_text(
          store, backup_prefix(set_, stored.manifest.label) + manifest_file(stored), stored.text));
      result_.spared.push_back(stored.manifest.label);
      at = batch.erase(at);
    }
    std::vector<std::string> rest;  // everything but the manifests, which are gone
    for (const auto* one : batch) {
      for (const auto& object : survey_.folders[one->folder].objects) {
        if (!object.key.ends_with(std::string("/") + kManifestFile)) rest.push_back(object.key);
      }
    }
    Status gone = store.remove_many(rest);
    // These do not exist any more, whether or not all of their artifacts are gone.
    std::set<std::string> deleted;
    bool told = true;
    for (const auto* one : batch) {
      const std::string& label = one->stored.manifest.label;
      result_.deleted.push_back(label);
      deleted.insert(label);
      told = tell_catalog(label) && told;
    }
    remove_marks(deleted);
    if (gone && told) PGDR_CHECK(store.remove(mark));
    return gone;
  }

  // Labels that somebody began to read or pinned since the survey. Who wrote such a mark before
  // this listing may have seen the manifest; who writes one after it looks for the manifest after
  // that, in vain.
  Result<std::set<std::string>> claimed_meanwhile() {
    Marks marks;
    for (const char* folder : {"/leases/", "/pins/"}) {
      PGDR_TRY(const auto entries, repository_.store->list(set_ + folder));
      for (const auto& entry : entries) sort_mark(entry, set_, marks);
    }
    std::set<std::string> labels;
    for (const auto& lease : marks.leases) {
      if (lease.live(now_)) labels.insert(lease.label);
    }
    const auto& before = survey_.marks.pin_keys;
    for (const auto& key : marks.pin_keys) {
      if (std::find(before.begin(), before.end(), key) != before.end()) continue;
      labels.insert(pinned_label(key));
    }
    return labels;
  }

  // false: the mark has to tell it later.
  bool tell_catalog(const std::string& label) {
    if (catalog_.reachable()) {
      const Status told = catalog_.deleted(repository_, label);
      if (told) return true;
      log_verbose(to_string(told.error()));
    }
    catalog_.fell_behind();
    return false;
  }

  void remove_marks(const std::set<std::string>& labels) {
    std::vector<std::string> keys;
    const std::string pins = set_ + "/pins/";
    for (const auto& key : survey_.marks.pin_keys) {
      if (!key.starts_with(pins)) continue;
      if (labels.contains(key.substr(pins.size(), key.find('.', pins.size()) - pins.size()))) {
        keys.push_back(key);
      }
    }
    for (const auto& proof : survey_.marks.proofs) {
      if (labels.contains(proof.label)) keys.push_back(proof.key);
    }
    const Status removed = repository_.store->remove_many(keys);
    if (!removed) log_verbose(to_string(removed.error()));
  }

  Status remove_leftovers() {
    PGDR_CHECK(clear_unfinished(
        repository_, set_, unfinished_, [this] { return lock_->held(); },
        [](const std::string& what) { log_verbose(what); }));
    for (const auto& entry : survey_.superseded) {
      const bool leased = std::any_of(
          survey_.marks.leases.begin(), survey_.marks.leases.end(), [&](const LeaseMark& l) {
            return l.live(now_) && entry.key.starts_with(backup_prefix(set_, l.label));
          });
      if (leased || now_ - entry.modified < kAbandonedAfter) continue;
      PGDR_CHECK(lock_->held());
      PGDR_CHECK(repository_.store->remove(entry.key));
    }
    std::vector<std::string> marks;
    for (const auto& lease : survey_.marks.leases) {
      if (!lease.live(now_)) marks.push_back(lease.key);
    }
    const auto& gone = result_.leftovers;
    for (const auto& proof : survey_.marks.proofs) {
      const bool there =
          std::find(gone.begin(), gone.end(), proof.label) == gone.end() &&
          std::any_of(survey_.folders.begin(), survey_.folders.end(),
                      [&](const SurveyFolder& folder) { return folder.label == proof.label; });
      if (!there) marks.push_back(proof.key);
    }
    return repository_.store->remove_many(marks);
  }

  const ExpireRequest& request_;
  const std::string set_;
  Repository& repository_;
  ExpireCatalog& catalog_;
  const RepositoryPins& elsewhere_;
  const std::vector<std::pair<std::string, Error>>& unknown_pins_;
  ExpireResult& result_;
  std::unique_ptr<store::Lease> lock_;
  Survey survey_;
  Unfinished unfinished_;
  std::vector<std::pair<std::string, std::set<std::string>>> expired_;  // mark, what is deleted
  Time now_{};                                                          // by the repository's clock
};

// A backup pinned in one repository is meant to stay in all. An open one whose pins cannot be read
// is a doubt about all others: nothing goes there. (One that does not open keeps nobody from
// expiring the rest: a disk may be away for weeks.)
Result<SetPins> gather_pins(OpenRepositories& repositories, const std::string& set) {
  SetPins all;
  for (auto& repository : repositories.open) {
    auto pins = list_pins(repository, set);
    if (!pins) {
      if (pins.error().code == Code::kInterrupted) return pins.error();
      all.unknown.emplace_back(repository.name, pins.error());
      continue;
    }
    for (auto& pin : *pins) all.known.emplace_back(repository.name, std::move(pin));
  }
  return all;
}

}  // namespace

Result<ExpireSummary> run_expire(const ExpireRequest& request) {
  PGDR_TRY(OpenRepositories repositories,
           open_repositories(request.config, request.set.repositories));
  ExpireCatalog catalog(request.set);
  PGDR_CHECK(catalog.open());
  return expire_opened(request, repositories, catalog);
}

Result<ExpireSummary> expire_opened(const ExpireRequest& request, OpenRepositories& repositories,
                                    ExpireCatalog& catalog) {
  std::vector<std::string> names = request.set.repositories;
  PGDR_TRY(const SetPins pins, gather_pins(repositories, request.set.name));
  if (!request.repository.empty()) {
    for (const auto& [name, error] : repositories.failed) {
      if (name == request.repository) continue;
      log_warning(error.context(fmt::format("pins in repository {} are not known", name)));
    }
    names = {request.repository};
  }
  ExpireSummary summary;
  for (const auto& name : names) {  // in the configuration's order, whether or not it opens
    ExpireResult result;
    result.repository = name;
    const auto opened = std::find_if(repositories.open.begin(), repositories.open.end(),
                                     [&](const Repository& r) { return r.name == name; });
    if (opened == repositories.open.end()) {
      for (const auto& [failed, error] : repositories.failed) {
        if (failed == name) result.error = error;
      }
    } else {
      result.location = opened->location();
      const Status done = RepositoryExpiry(request, *opened, catalog, pins, result).run();
      if (!done) result.error = done.error();
    }
    const bool stop = result.error && result.error->code == Code::kInterrupted;
    summary.repositories.push_back(std::move(result));
    if (stop) break;
  }
  summary.catalog_problem = catalog.problem();
  summary.catalog_behind = catalog.behind();
  return summary;
}

}  // namespace pgdr::app
