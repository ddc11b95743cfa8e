#include "base/timezone.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>

#include "base/file.hpp"

namespace pgdr {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::size_t kHeader = 44;
constexpr std::size_t kLargest = 1U << 20U;
// RFC 8536 3.2: an offset is more than -25 and less than 26 hours.
constexpr seconds kMostOffset = hours(26);

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  const unsigned unused = 64 - 8 * static_cast<unsigned>(bytes.size());
  return static_cast<std::int64_t>(value << unused) >> unused;
}

// The counts of one header, RFC 8536 3.1, and the size of the data behind it.
struct Counts {
  std::size_t isut = 0, isstd = 0, leap = 0, time = 0, type = 0, chars = 0;
  [[nodiscard]] std::size_t data_size(std::size_t time_size) const {
    return time * (time_size + 1) + type * 6 + chars + leap * (time_size + 4) + isstd + isut;
  }
};

std::optional<Counts> read_counts(std::string_view file) {
  if (file.size() < kHeader || !file.starts_with("TZif")) return std::nullopt;
  const auto count = [&](std::size_t i) {
    return static_cast<std::size_t>(big_endian(file.substr(20 + 4 * i, 4)));
  };
  const Counts counts{count(0), count(1), count(2), count(3), count(4), count(5)};
  for (const std::size_t n :
       {counts.isut, counts.isstd, counts.leap, counts.time, counts.type, counts.chars}) {
    if (n > kLargest) return std::nullopt;
  }
  if (counts.type == 0) return std::nullopt;
  return counts;
}

bool take(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

std::optional<int> take_number(std::string_view& rest) {
  std::size_t n = 0;
  int value = 0;
  for (; n < rest.size() && n < 4 && rest[n] >= '0' && rest[n] <= '9'; ++n) {
    value = value * 10 + (rest[n] - '0');
  }
  if (n == 0) return std::nullopt;
  rest.remove_prefix(n);
  return value;
}

// "CET", "<+0330>".
bool take_zone_name(std::string_view& rest) {
  std::size_t n = 0;
  if (!rest.empty() && rest.front() == '<') {
    n = rest.find('>');
    if (n == std::string_view::npos) return false;
    rest.remove_prefix(n + 1);
    return true;
  }
  while (n < rest.size() &&
         ((rest[n] >= 'a' && rest[n] <= 'z') || (rest[n] >= 'A' && rest[n] <= 'Z'))) {
    ++n;
  }
  rest.remove_prefix(n);
  return n >= 3;
}

// "[+-]h[h][h][:mm[:ss]]"
std::optional<seconds> take_time(std::string_view& rest) {
  const bool negative = take(rest, '-');
  if (!negative) take(rest, '+');
  const auto h = take_number(rest);
  if (!h || *h > 167) return std::nullopt;
  seconds value = hours(*h);
  if (take(rest, ':')) {
    const auto m = take_number(rest);
    if (!m || *m > 59) return std::nullopt;
    value += minutes(*m);
    if (take(rest, ':')) {
      const auto s = take_number(rest);
      if (!s || *s > 59) return std::nullopt;
      value += seconds(*s);
    }
  }
  return negative ? -value : value;
}

std::optional<ZoneRule> take_rule(std::string_view& rest) {
  if (!take(rest, ',')) return std::nullopt;
  ZoneRule rule;
  if (take(rest, 'M')) {
    const auto month = take_number(rest);
    if (!month || *month < 1 || *month > 12 || !take(rest, '.')) return std::nullopt;
    const auto week = take_number(rest);
    if (!week || *week < 1 || *week > 5 || !take(rest, '.')) return std::nullopt;
    const auto day = take_number(rest);
    if (!day || *day > 6) return std::nullopt;
    rule.month = *month;
    rule.week = *week;
    rule.day = *day;
  } else {
    rule.kind = take(rest, 'J') ? ZoneRule::Kind::kJulian : ZoneRule::Kind::kDayOfYear;
    const auto day = take_number(rest);
    if (!day || *day > 365) return std::nullopt;
    rule.day = *day;
  }
  if (take(rest, '/')) {
    const auto time = take_time(rest);
    if (!time) return std::nullopt;
    rule.time = *time;
  }
  return rule;
}

// When the rule's wall clock shows its moment in that year, as if that clock were UTC.
sys_seconds moment(const ZoneRule& rule, std::chrono::year year) {
  if (rule.kind == ZoneRule::Kind::kMonthWeekDay) {
    const std::chrono::month month(static_cast<unsigned>(rule.month));
    const std::chrono::weekday day(static_cast<unsigned>(rule.day));
    const sys_days date = rule.week == 5
                              ? sys_days(year / month / day[std::chrono::last])
                              : sys_days(year / month / day[static_cast<unsigned>(rule.week)]);
    return date + rule.time;
  }
  const sys_days first(year / std::chrono::January / 1);
  int day = rule.day;
  if (rule.kind == ZoneRule::Kind::kJulian) {
    --day;  // counted from 1, and 29 February never is
    if (year.is_leap() && rule.day >= 60) ++day;
  }
  return first + days(day) + rule.time;
}

}  // namespace

std::optional<TimeZone::Footer> TimeZone::parse_footer(std::string_view text) {
  Footer footer;
  if (!take_zone_name(text)) return std::nullopt;
  const auto standard = take_time(text);
  if (!standard) return std::nullopt;
  footer.standard = -*standard;  // POSIX counts westwards
  if (text.empty()) return footer;
  if (!take_zone_name(text)) return std::nullopt;
  footer.summer = footer.standard + hours(1);
  if (!text.empty() && text.front() != ',') {
    const auto summer = take_time(text);
    if (!summer) return std::nullopt;
    footer.summer = -*summer;
  }
  const auto begin = take_rule(text);
  const auto end = begin ? take_rule(text) : std::nullopt;
  if (!end || !text.empty()) return std::nullopt;
  footer.begin = *begin;
  footer.end = *end;
  return footer;
}

seconds TimeZone::offset_by(const Footer& footer, sys_seconds t) {
  if (!footer.summer) return footer.standard;
  // The last change at or before t; a year around it covers rules near New Year.
  const auto year = std::chrono::year_month_day(floor<days>(t)).year();
  sys_seconds last = sys_seconds::min();
  seconds value = footer.standard;
  for (int i = -1; i <= 1; ++i) {
    const std::chrono::year y = year + std::chrono::years(i);
    const sys_seconds begin = moment(footer.begin, y) - footer.standard;
    const sys_seconds end = moment(footer.end, y) - *footer.summer;
    if (begin <= t && begin > last) {
      last = begin;
      value = *footer.summer;
    }
    // Of two at one moment (summer time all year), that which begins holds.
    if (end <= t && end > last) {
      last = end;
      value = footer.standard;
    }
  }
  return value;
}

Result<TimeZone> TimeZone::parse(std::string_view tzif, const std::string& name) {
  const auto bad = [&](const char* why) {
    return Error::of(Code::kCorrupt, fmt::format("time zone {}: {}", name, why));
  };
  auto counts = read_counts(tzif);
  if (!counts) return bad("not a TZif file");
  std::size_t time_size = 4;
  const bool long_form = tzif[4] != '\0';  // version 2 and later repeat everything with 64 bits
  if (long_form) {
    const std::size_t skip = kHeader + counts->data_size(time_size);
    if (tzif.size() < skip) return bad("the file is cut short");
    tzif.remove_prefix(skip);
    counts = read_counts(tzif);
    if (!counts) return bad("its second header is damaged");
    time_size = 8;
  }
  tzif.remove_prefix(kHeader);
  const std::size_t size = counts->data_size(time_size);
  if (tzif.size() < size) return bad("the file is cut short");
  const std::string_view times = tzif.substr(0, counts->time * time_size);
  const std::string_view kinds = tzif.substr(times.size(), counts->time);
  const std::string_view types = tzif.substr(times.size() + kinds.size(), counts->type * 6);

  TimeZone zone;
  zone.name_ = name;
  std::vector<seconds> offsets;
  for (std::size_t i = 0; i < counts->type; ++i) {
    const seconds offset(big_endian(types.substr(i * 6, 4)));
    if (offset <= -kMostOffset || offset >= kMostOffset) return bad("an offset is out of range");
    offsets.push_back(offset);
  }
  zone.first_ = offsets.front();  // RFC 8536 3.2: type 0 holds before the first change
  for (std::size_t i = 0; i < counts->time; ++i) {
    const auto kind = static_cast<unsigned char>(kinds[i]);
    if (kind >= offsets.size()) return bad("a change names a type that is not there");
    // Some files begin with the Big Bang (-2^59); nothing below needs more than +-100,000 years.
    const std::int64_t at = std::clamp<std::int64_t>(
        big_endian(times.substr(i * time_size, time_size)), -3'000'000'000'000, 3'000'000'000'000);
    zone.changes_.push_back({sys_seconds(seconds(at)), offsets[kind]});
  }
  if (!std::is_sorted(zone.changes_.begin(), zone.changes_.end(),
                      [](const Change& a, const Change& b) { return a.at < b.at; })) {
    return bad("its changes are not in order");
  }
  if (!long_form) return zone;
  std::string_view footer = tzif.substr(size);
  if (!take(footer, '\n') || footer.empty() || footer.back() != '\n') return bad("no last line");
  footer.remove_suffix(1);
  if (footer.empty()) return zone;
  zone.footer_ = parse_footer(footer);
  if (!zone.footer_) return bad("its last line is no rule");
  return zone;
}

Result<TimeZone> TimeZone::load(const std::string& name) {
  const auto unknown = [&] {
    return Error::of(
        Code::kUsage, fmt::format("there is no time zone '{}'", name),
        "an IANA name such as Europe/Berlin or UTC; `timedatectl list-timezones` lists "
        "them, and Debian's package tzdata brings them");
  };
  if (name == "UTC") {
    TimeZone zone;
    zone.name_ = name;
    return zone;
  }
  const bool plain = !name.empty() && name.front() != '/' && name.find("..") == std::string::npos &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' ||
                              c == '+';
                     });
  if (!plain) return unknown();
  const char* folder = std::getenv("TZDIR");
  if (folder == nullptr || *folder == '\0') folder = "/usr/share/zoneinfo";
  const auto content = read_file(std::string(folder) + "/" + name, kLargest);
  if (!content) return unknown();
  return parse(*content, name);
}

seconds TimeZone::offset(Time t) const {
  const sys_seconds at = floor<seconds>(t);
  const auto after = std::upper_bound(changes_.begin(), changes_.end(), at,
                                      [](sys_seconds x, const Change& c) { return x < c.at; });
  if (after == changes_.end() && footer_) return offset_by(*footer_, at);
  return after == changes_.begin() ? first_ : std::prev(after)->offset;
}

local_days TimeZone::day(Time t) const {
  return local_days(floor<days>(t + offset(t)).time_since_epoch());
}

Time TimeZone::instant(std::chrono::local_time<std::chrono::microseconds> local) const {
  const Time as_utc(local.time_since_epoch());
  const seconds before = offset(as_utc - kMostOffset);
  const seconds after = offset(as_utc + kMostOffset);
  // Clocks set back: the earlier instant is the one by the older, greater offset.
  for (const seconds guess : {std::max(before, after), std::min(before, after)}) {
    if (offset(as_utc - guess) == guess) return as_utc - guess;
  }
  // Never shown: from the time they would have shown, back to the moment of the change.
  Time low = as_utc - kMostOffset;
  Time high = as_utc + kMostOffset;
  while (high - low > seconds(1)) {
    const Time middle = low + (high - low) / 2;
    (offset(middle) == before ? low : high) = middle;
  }
  return floor<seconds>(high);
}

}  // namespace pgdr
