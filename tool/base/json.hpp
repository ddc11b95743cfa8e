// Reading JSON that others wrote: a repository's files, a helper program's answers.
//
//   PGDR_TRY(const auto json, parse_json(text, {.bytes = 64 << 10}));
//   if (json_text(json, "format") != "pgdr-pin") ...
//
// A parsed value takes up to forty times the room of its text, and its copy and its end recurse, so
// what may be stored by a stranger is measured before it is parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"

namespace pgdr {

struct JsonLimits {
  std::size_t bytes = std::size_t{256} << 20U;  // of the text
  std::size_t depth = 32;                       // of lists and objects in one another
  std::size_t values = 20'000'000;              // all in all, estimated from above
};

// kCorrupt, "not a JSON document" or which limit it passes. Of a member given twice, the last
// holds.
Result<nlohmann::json> parse_json(std::string_view text, const JsonLimits& limits = {});

// The member, where json is an object that has it and it is of that type; else nullopt.
std::optional<std::string> json_text(const nlohmann::json& json, const char* key);
std::optional<std::uint64_t> json_number(const nlohmann::json& json, const char* key);
bool json_true(const nlohmann::json& json, const char* key);

}  // namespace pgdr
