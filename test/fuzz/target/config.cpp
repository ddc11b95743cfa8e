// The configuration, and where in it a set's recipients stand.

#include "config/config.hpp"
#include "config/edit.hpp"
#include "fuzz/fuzz.hpp"

namespace pgdr {

PGDR_FUZZ_TARGET(config, input) {
  const auto config = parse_config(input, "pgdr.toml");
  if (config) {
    for (const auto& [name, set] : config->sets) fuzz::require(valid_name(name), "a set's name");
    for (const auto& [name, repository] : config->repositories) {
      fuzz::require(valid_name(name), "a repository's name");
      repository_place(repository);
    }
  } else {
    fuzz::require(!config.error().message.empty(), "an error without words");
  }
  const auto place = find_recipients(std::string(input), "pgdr.toml", "shop");
  if (place) {
    fuzz::require(place->begin < place->end && place->end <= input.size() &&
                      input[place->begin] == '[' && input[place->end - 1] == ']',
                  "a place that is no list");
  }
}

}  // namespace pgdr
