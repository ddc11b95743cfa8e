// Random changes to texts and bytes, the same for the same seed on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pgdr::fuzz {

// splitmix64 (Steele, Lea, Flood 2014): the standard library's distributions differ from one to
// another.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  // 0 to n - 1; n at least 1.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t state_;
};

// One to several changes: bits, bytes, numbers, signs of structure, pieces moved, repeated, cut and
// taken from another of the corpus. At most `longest` bytes.
void mutate(std::string& input, const std::vector<std::string>& corpus, std::size_t longest,
            Random& random);

}  // namespace pgdr::fuzz
