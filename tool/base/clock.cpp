#include "base/clock.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>
#include <ctime>
#include <mutex>
#include <optional>
#include <stdexcept>

namespace pgdr {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override {
    return floor<microseconds>(std::chrono::system_clock::now());
  }
};

// A reader of fixed-width digits over a string_view; every step says whether it fitted.
struct Cursor {
  std::string_view rest;

  std::optional<int> digits(std::size_t width) {
    if (rest.size() < width) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (rest[i] < '0' || rest[i] > '9') return std::nullopt;
      value = value * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(width);
    return value;
  }
  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool at_digit() const {
    return !rest.empty() && rest.front() >= '0' && rest.front() <= '9';
  }
};

std::optional<std::chrono::sys_days> parse_date(Cursor& in) {
  const auto y = in.digits(4);
  if (!y || !in.take('-')) return std::nullopt;
  const auto m = in.digits(2);
  if (!m || !in.take('-')) return std::nullopt;
  const auto d = in.digits(2);
  if (!d) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*y),
                                         std::chrono::month(static_cast<unsigned>(*m)),
                                         std::chrono::day(static_cast<unsigned>(*d)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// hh:mm:ss with an optional fraction of any length; digits beyond microseconds are dropped.
std::optional<microseconds> parse_time_of_day(Cursor& in) {
  const auto h = in.digits(2);
  if (!h || !in.take(':')) return std::nullopt;
  const auto m = in.digits(2);
  if (!m || !in.take(':')) return std::nullopt;
  const auto s = in.digits(2);
  if (!s || *h > 23 || *m > 59 || *s > 60) return std::nullopt;  // 60: a leap second
  microseconds time = hours(*h) + minutes(*m) + seconds(*s);
  if (in.take('.')) {
    if (!in.at_digit()) return std::nullopt;
    for (int scale = 100000; in.at_digit(); scale /= 10) {
      time += microseconds((in.rest.front() - '0') * scale);
      in.rest.remove_prefix(1);
    }
  }
  return time;
}

// Z, +hh, +hhmm, +hh:mm, +hh:mm:ss (PostgreSQL prints seconds for zones before standard time).
std::optional<seconds> parse_offset(Cursor& in) {
  if (in.take('Z') || in.take('z')) return seconds(0);
  const bool negative = in.take('-');
  if (!negative && !in.take('+')) return std::nullopt;
  const auto h = in.digits(2);
  if (!h || *h > 23) return std::nullopt;
  seconds offset = hours(*h);
  if (in.take(':') || in.at_digit()) {
    const auto m = in.digits(2);
    if (!m || *m > 59) return std::nullopt;
    offset += minutes(*m);
    if (in.take(':')) {
      const auto s = in.digits(2);
      if (!s || *s > 59) return std::nullopt;
      offset += seconds(*s);
    }
  }
  return negative ? -offset : offset;
}

struct Fields {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<microseconds> time;
};

Fields fields(Time t) {
  const auto day = floor<days>(t);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<microseconds>(t - day)};
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string to_iso(Time t) {
  const auto [date, time] = fields(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", int(date.year()),
                     unsigned(date.month()), unsigned(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

Result<Time> parse_iso(std::string_view text) {
  const auto bad = [&] {
    return Error::of(Code::kUsage, fmt::format("'{}' is not a time", text),
                     "write it like 2026-11-21T02:00:00Z or 2026-11-21 03:00:00+01");
  };
  Cursor in{text};
  const auto date = parse_date(in);
  if (!date || !(in.take('T') || in.take('t') || in.take(' '))) return bad();
  const auto time = parse_time_of_day(in);
  if (!time) return bad();
  const auto offset = parse_offset(in);
  if (!offset || !in.rest.empty()) return bad();
  const Time instant(*date + *time - *offset);
  // An offset leads out of the years that can be written.
  const int year = int(std::chrono::year_month_day(floor<std::chrono::days>(instant)).year());
  if (year < 0 || year > 9999) return bad();
  return instant;
}

std::string to_local(Time t) {
  static std::once_flag once;
  std::call_once(once, tzset);
  const std::time_t seconds_since = floor<seconds>(t).time_since_epoch().count();
  std::tm local{};
  if (localtime_r(&seconds_since, &local) == nullptr) return to_iso(t);
  std::array<char, 64> text{};
  const std::size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %Z", &local);
  return {text.data(), n};
}

std::string to_label_time(Time t) {
  const auto [date, time] = fields(t);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

std::string make_label(Time t) {
  std::array<unsigned char, 2> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw std::runtime_error("no random numbers from the system");
  }
  return fmt::format("{}-{:02x}{:02x}", to_label_time(t), random[0], random[1]);
}

bool valid_label(std::string_view label) {
  Cursor in{label};
  const auto y = in.digits(4);
  const auto mo = in.digits(2);
  const auto d = in.digits(2);
  if (!y || !mo || !d || !in.take('T')) return false;
  const std::chrono::year_month_day date(std::chrono::year(*y),
                                         std::chrono::month(static_cast<unsigned>(*mo)),
                                         std::chrono::day(static_cast<unsigned>(*d)));
  const auto h = in.digits(2);
  const auto mi = in.digits(2);
  const auto s = in.digits(2);
  if (!date.ok() || !h || !mi || !s || *h > 23 || *mi > 59 || *s > 59) return false;
  if (!in.take('Z') || !in.take('-') || in.rest.size() != 4) return false;
  return in.rest.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view label_time(std::string_view label) { return label.substr(0, label.find('-')); }

}  // namespace pgdr
