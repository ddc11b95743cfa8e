// Manifests, and the sums and names beside them.

#include "repo/manifest.hpp"
#include "fuzz/fuzz.hpp"

namespace pgdr {

PGDR_FUZZ_TARGET(manifest, input) {
  const auto manifest = app::parse_manifest(input, "x");
  if (!manifest) {
    fuzz::require(manifest.error().message.starts_with("x: "), "an error that names no place");
    return;
  }
  const std::string text = app::manifest_text(*manifest);
  const auto again = app::parse_manifest(text, "x");
  fuzz::require(again.ok() && app::manifest_text(*again) == text, "it reads back otherwise");
  for (const auto& artifact : manifest->artifacts) {
    fuzz::require(artifact.name.find('/') == std::string::npos && artifact.name.front() != '.',
                  "a name that leaves the folder");
    const auto name = app::parse_artifact_name(artifact.name);
    fuzz::require(name.generation == 0 || app::artifact_name(name).size() == artifact.name.size(),
                  "an artifact's name reads back otherwise");
  }
  const auto sums = app::parse_sums(app::sums_text(*manifest), "x");
  fuzz::require(sums.ok() && sums->size() == manifest->artifacts.size(), "its sums do not read");
}

PGDR_FUZZ_TARGET(sums, input) {
  const auto sums = app::parse_sums(input, "x");
  if (!sums) return;
  std::size_t bytes = 0;
  for (const auto& [name, digest] : *sums) bytes += name.size() + digest.size() + 3;
  fuzz::require(bytes == input.size(), "something of the list was passed over");
}

}  // namespace pgdr
