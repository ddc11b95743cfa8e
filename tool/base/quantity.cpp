#include "base/quantity.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace pgdr {
namespace {

using std::chrono::milliseconds;

constexpr double kLongest = 10.0 * 366 * 86400 * 1000;  // ms
constexpr double kSlowest = 1024;
constexpr double kFastest = 1e15;

struct Quantity {
  double number = 0;
  std::string_view unit;
};

std::optional<Quantity> split(std::string_view text, bool fraction) {
  const std::size_t digits = text.find_first_not_of(fraction ? "0123456789." : "0123456789");
  if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
  Quantity quantity;
  const char* end = text.data() + digits;
  const auto [at, error] =
      std::from_chars(text.data(), end, quantity.number, std::chars_format::fixed);
  if (error != std::errc() || at != end) return std::nullopt;
  quantity.unit = text.substr(digits);
  if (quantity.unit.front() == ' ') quantity.unit.remove_prefix(1);
  return quantity;
}

template <std::size_t N>
std::optional<double> scale(const std::array<std::pair<std::string_view, double>, N>& units,
                            std::string_view unit) {
  for (const auto& [name, factor] : units) {
    if (name == unit) return factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 5> kUnits = {
      {{"ms", 1}, {"s", 1000}, {"min", 60e3}, {"h", 3600e3}, {"d", 86400e3}}};
  const auto quantity = split(text, false);
  if (!quantity) return std::nullopt;
  const auto factor = scale(kUnits, quantity->unit);
  if (!factor || quantity->number * *factor > kLongest) return std::nullopt;
  return milliseconds(static_cast<milliseconds::rep>(quantity->number * *factor));
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 7> kUnits = {
      {{"B/s", 1},
       {"kB/s", 1e3},
       {"MB/s", 1e6},
       {"GB/s", 1e9},
       {"KiB/s", 1024},
       {"MiB/s", 1024.0 * 1024},
       {"GiB/s", 1024.0 * 1024 * 1024}}};
  const auto quantity = split(text, true);
  if (!quantity) return std::nullopt;
  const auto factor = scale(kUnits, quantity->unit);
  if (!factor) return std::nullopt;
  const double rate = quantity->number * *factor;
  if (rate < kSlowest || rate > kFastest) return std::nullopt;
  return static_cast<std::uint64_t>(rate);
}

}  // namespace pgdr
