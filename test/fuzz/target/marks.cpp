// What lies in a repository beside backups: pins, deletions' marks, names of all marks, the
// repository's own file, locks, signatures.

#include "repo/marks.hpp"
#include "base/signing.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/one_object_store.hpp"
#include "store/kept_lease.hpp"

namespace pgdr {
namespace {

const std::string kLabel = "20261121T020000Z-9f3c";
const std::string kKey = "shop/pins/" + kLabel + ".0badcafe.json";

app::Repository repository_of(const std::string& key, std::string_view text) {
  return {"r", "id", false, std::make_shared<fuzz::OneObjectStore>(key, text)};
}

}  // namespace

PGDR_FUZZ_TARGET(pin, input) {
  auto repository = repository_of(kKey, input);
  const auto pins = app::list_pins(repository, "shop");
  if (!pins) return;
  fuzz::require(pins->size() == 1 && pins->front().label == kLabel, "a pin of another backup");
  app::strongest_pin(*pins, kLabel, Time{});
}

PGDR_FUZZ_TARGET(mark_names, input) {
  app::Marks marks;
  const store::Entry entry{std::string(input), 0, Time{}};
  const bool is_mark = app::sort_mark(entry, "shop", marks);
  const std::size_t found =
      marks.pin_keys.size() + marks.leases.size() + marks.proofs.size() + marks.expired.size();
  fuzz::require(found == (is_mark ? 1U : 0U), "a mark that is none");
  for (const auto& lease : marks.leases)
    fuzz::require(!lease.key.empty() || input.empty(), "no key");
  const auto repository = repository_of("shop/expired/" + kLabel + ".x", input);
  const auto labels = app::read_expired(repository, {"shop/expired/x", kLabel});
  if (labels) {
    for (const auto& label : *labels) fuzz::require(valid_label(label), "no label");
  }
}

PGDR_FUZZ_TARGET(descriptor, input) {
  const auto id = app::parse_descriptor(input, "r", "memory");
  if (id) fuzz::require(input.find("pgdr-repository") != std::string_view::npos, "no descriptor");
  const auto lock = store::read_lock_text(input);
  if (lock) fuzz::require(input.size() > 8, "no lock");
}

PGDR_FUZZ_TARGET(signature, input) {
  static const std::string key = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
  static_cast<void>(check_public_key(input));
  fuzz::require(!verify_signature(key, "content", input), "a forged signature");
  static_cast<void>(verify_signature(input, "content", "AAAA"));
  static_cast<void>(SigningKey::from_pem(input));
}

}  // namespace pgdr
