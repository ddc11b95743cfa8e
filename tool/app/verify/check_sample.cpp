#include "app/verify/check_sample.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

namespace pgdr::app {
namespace {

std::vector<std::size_t> numbers(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

std::vector<std::size_t> take(const std::vector<SampleItem>& items,
                              const std::vector<std::size_t>& order, int percent) {
  double all = 0;
  for (const auto& item : items) all += static_cast<double>(item.bytes);
  const double wanted = all * percent / 100;
  std::vector<std::size_t> taken;
  double bytes = 0;
  for (const std::size_t i : order) {
    if (!taken.empty() && bytes >= wanted) break;
    taken.push_back(i);
    bytes += static_cast<double>(items[i].bytes);
  }
  return taken;
}

}  // namespace

std::vector<std::size_t> sample_by_age(const std::vector<SampleItem>& items, int percent) {
  std::vector<std::size_t> order = numbers(items.size());
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return items[a].checked_at < items[b].checked_at;  // nullopt is less than any time
  });
  return take(items, order, percent);
}

std::vector<std::size_t> sample_at_random(const std::vector<SampleItem>& items, int percent,
                                          std::uint64_t seed) {
  std::vector<std::size_t> order = numbers(items.size());
  std::mt19937_64 random(seed);
  // By hand: what std::shuffle makes of a seed differs between libraries.
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return take(items, order, percent);
}

}  // namespace pgdr::app
