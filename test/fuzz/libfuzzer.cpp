// libFuzzer's entry points: the target's name is in the environment, for the arguments are
// libFuzzer's own.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/fuzz.hpp"
#include "fuzz/mutate.hpp"

namespace {

pgdr::fuzz::Run target = nullptr;

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t longest);

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  const char* name = std::getenv("PGDR_FUZZ_TARGET");
  const auto found = pgdr::fuzz::targets().find(name == nullptr ? "" : name);
  if (found == pgdr::fuzz::targets().end()) {
    std::fprintf(stderr, "PGDR_FUZZ_TARGET names no target\n");
    std::exit(2);
  }
  target = found->second;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pgdr::fuzz::guarded(target, {reinterpret_cast<const char*>(data), size});
  return 0;
}

// Ours in one of four: it knows texts, and repeats.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t longest, unsigned int seed) {
  pgdr::fuzz::Random random(seed);
  if (random.below(4) != 0) return LLVMFuzzerMutate(data, size, longest);
  std::string input(reinterpret_cast<const char*>(data), size);
  pgdr::fuzz::mutate(input, {}, longest, random);
  input.copy(reinterpret_cast<char*>(data), input.size());
  return input.size();
}
