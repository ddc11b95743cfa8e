// What a fuzz target is: a reader of ours, given any bytes, and what must hold whatever they are.
//
//   PGDR_FUZZ_TARGET(chunk_list, input) {
//     const auto list = app::parse_chunks(input, 10'000, "x");
//     if (list) fuzz::require(app::chunks_text(*list) == input, "a list that reads back
//     otherwise");
//   }
//
// Besides what it requires itself, every run must end without an exception and within kMostSeconds
// of processor time and kMostBytes of memory: guard.cpp. Sanitizers find the rest.
//
// Two drivers run them: libFuzzer (clang, script/fuzz) and main.cpp's own seeded mutator (any
// compiler; make check).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace pgdr::fuzz {

// Of one run, with sanitizers, for an input of at most kLongestInput.
inline constexpr std::size_t kLongestInput = std::size_t{64} << 10U;
inline constexpr std::size_t kMostBytes = std::size_t{64} << 20U;
inline constexpr double kMostSeconds = 4;

using Run = void (*)(std::string_view input);

std::map<std::string, Run>& targets();

struct Register {
  Register(const char* name, Run run) { targets()[name] = run; }
};

// Reports and ends the program unless it holds.
void require(bool holds, const char* otherwise);

// One run, watched.
void guarded(Run run, std::string_view input);

}  // namespace pgdr::fuzz

#define PGDR_FUZZ_TARGET(name, input)                                        \
  static void fuzz_##name(std::string_view input);                           \
  static const ::pgdr::fuzz::Register registered_##name(#name, fuzz_##name); \
  static void fuzz_##name(std::string_view input)
