#include "fuzz/mutate.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgdr::fuzz {
namespace {

using namespace std::string_view_literals;

// What readers stumble over: limits of numbers, signs of structure, foreign encodings.
constexpr std::array kPieces = {"null"sv,
                                "true"sv,
                                "-1"sv,
                                "0"sv,
                                "1e999"sv,
                                "18446744073709551615"sv,
                                "9223372036854775808"sv,
                                "4294967296"sv,
                                "2147483648"sv,
                                "-2147483649"sv,
                                "1.5"sv,
                                "[]"sv,
                                "{}"sv,
                                "[[[["sv,
                                "{\"a\":"sv,
                                "\"\""sv,
                                "\""sv,
                                "'"sv,
                                "\\"sv,
                                "\\u0000"sv,
                                "\\ud800"sv,
                                ","sv,
                                ":"sv,
                                "="sv,
                                "\n"sv,
                                "\r\n"sv,
                                "\t"sv,
                                "\0"sv,
                                "\x1b[31m"sv,
                                "\xff"sv,
                                "\xc3\x28"sv,
                                "\xe2\x80\xae"sv,
                                "../"sv,
                                "/"sv,
                                "%"sv,
                                "%00"sv,
                                "&lt;"sv,
                                "<a>"sv,
                                "</a>"sv,
                                "]]>"sv,
                                "<!DOCTYPE a [<!ENTITY b \"c\">]>"sv,
                                "-----"sv,
                                "-> "sv,
                                "---"sv,
                                "#"sv,
                                "\xff\xff\xff\xff"sv,
                                "\x7f\xff\xff\xff"sv,
                                "\x80\x00\x00\x00"sv};

std::size_t piece_of(std::size_t size, Random& random) {
  if (size == 0) return 0;
  // Short ones mostly.
  return 1 + random.below(random.below(4) == 0 ? size : std::min<std::size_t>(size, 16));
}

void change_number(std::string& input, std::size_t at, Random& random) {
  const std::size_t begin = input.find_first_of("0123456789", at);
  if (begin == std::string::npos) return;
  const std::size_t end = std::min(input.find_first_not_of("0123456789", begin), input.size());
  static constexpr std::array kNumbers = {"0"sv,
                                          "1"sv,
                                          "-1"sv,
                                          "4294967295"sv,
                                          "99999999999999999999"sv,
                                          "9223372036854775807"sv,
                                          "2"sv,
                                          "65536"sv,
                                          "00"sv,
                                          ""sv};
  input.replace(begin, end - begin, kNumbers[random.below(kNumbers.size())]);
}

void once(std::string& input, const std::vector<std::string>& corpus, std::size_t longest,
          Random& random) {
  const std::size_t size = input.size();
  const std::size_t at = random.below(size + 1);
  const std::size_t n = piece_of(size - at, random);
  switch (random.below(14)) {
    case 0:
    case 1:
      if (at < size) input[at] = static_cast<char>(input[at] ^ (1 << random.below(8)));
      return;
    case 2:
    case 3:
      if (at < size) input[at] = static_cast<char>(random.below(256));
      return;
    case 4:
      input.erase(at, n);
      return;
    case 5:
      input.insert(at, 1, static_cast<char>(random.below(256)));
      return;
    case 6:
    case 7: {
      const std::string_view piece = kPieces[random.below(kPieces.size())];
      if (random.below(2) == 0) {
        input.insert(at, piece);
      } else {
        input.replace(at, std::min(piece.size(), size - at), piece);
      }
      return;
    }
    case 8:
      change_number(input, at, random);
      return;
    case 9: {  // move or double a piece
      const std::string piece = input.substr(at, n);
      if (random.below(2) == 0) input.erase(at, n);
      input.insert(random.below(input.size() + 1), piece);
      return;
    }
    case 10: {  // repeat one: what is quadratic shows
      const std::string piece = input.substr(at, n);
      if (piece.empty() || size >= longest) return;
      std::size_t times = 1 + random.below(random.below(8) == 0 ? longest : 32);
      times = std::min(times, (longest - size) / piece.size());
      std::string many;
      many.reserve(times * piece.size());
      while (times-- > 0) many += piece;
      input.insert(at, many);
      return;
    }
    case 11:  // cut
      if (random.below(4) == 0) input.resize(at);
      return;
    case 12:
    case 13: {  // cross with another
      if (corpus.empty()) return;
      const std::string& other = corpus[random.below(corpus.size())];
      if (other.empty()) return;
      const std::size_t from = random.below(other.size());
      const std::size_t length = piece_of(other.size() - from, random);
      if (random.below(2) == 0) {
        input.insert(at, other, from, length);
      } else {
        input.replace(at, n, other, from, length);
      }
      return;
    }
    default:
      return;
  }
}

}  // namespace

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

void mutate(std::string& input, const std::vector<std::string>& corpus, std::size_t longest,
            Random& random) {
  for (std::size_t n = 1 + random.below(random.below(3) == 0 ? 16 : 3); n > 0; --n) {
    once(input, corpus, longest, random);
  }
  if (input.size() > longest) input.resize(longest);
}

}  // namespace pgdr::fuzz
