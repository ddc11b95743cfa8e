#include "command/render.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "base/format.hpp"
#include "base/output.hpp"
#include "base/visible.hpp"

namespace pgdr::command {
namespace {

constexpr std::string_view kGap = "  ";

bool printed = false;

std::string padded(const Cell& cell, std::size_t width, Align align, bool color) {
  const std::string text = printable(cell.text);
  const std::string fill(width - std::min(width, display_width(text)), ' ');
  const std::string painted = paint(text, cell.tone, color);
  return align == Align::kRight ? fill + painted : painted + fill;
}

void end_line(std::string& line, std::string& out) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  out += line + "\n";
}

}  // namespace

std::string paint(std::string_view text, Tone tone, bool color) {
  static constexpr std::array<std::string_view, 6> kCodes = {"", "32", "33", "31;1", "2", "1"};
  const std::string_view code = kCodes.at(static_cast<std::size_t>(tone));
  if (!color || code.empty() || text.empty()) return std::string(text);
  return ansi_colour(code, text);
}

std::string printable(std::string_view text) { return visible(text); }

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](unsigned char c) {
    return (c & 0xc0U) != 0x80U;  // not a continuation byte
  }));
}

void Table::add(std::vector<Cell> cells) {
  cells.resize(columns_.size(), Cell(""));
  rows_.push_back(std::move(cells));
}

std::string Table::text(bool color) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, display_width(printable(row[i].text)));
    widths.push_back(width);
  }
  std::string out;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += kGap;
      line += padded(cell_of(i), widths[i], columns_[i].align, color);
    }
    end_line(line, out);
  };
  add_line([&](std::size_t i) { return Cell(columns_[i].title, Tone::kBold); });
  for (const auto& row : rows_) add_line([&](std::size_t i) { return row[i]; });
  return out;
}

void Fields::add(std::string name, Cell value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::string Fields::text(bool color) const {
  std::size_t width = 0;
  for (const auto& [name, value] : fields_) width = std::max(width, display_width(name) + 1);
  std::string out;
  for (const auto& [name, value] : fields_) {
    std::string line = padded(Cell(name + ":", Tone::kBold), width, Align::kLeft, color);
    line += kGap;
    line += paint(printable(value.text), value.tone, color);
    end_line(line, out);
  }
  return out;
}

Cell state_cell(const std::string& state) {
  const auto one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), state) != words.end();
  };
  if (one_of({"ok", "passed", "complete", "proven"})) return {state, Tone::kGood};
  if (one_of({"warning", "partial", "running", "unknown", "complete_with_errors"})) {
    return {state, Tone::kWarn};
  }
  if (one_of({"critical", "failed", "damaged", "incomplete", "missing", "mismatch", "extra",
              "interrupted"})) {
    return {state, Tone::kBad};
  }
  return {state};
}

std::string age(Time then, Time now) {
  using std::chrono::milliseconds;
  const auto distance =
      std::chrono::duration_cast<milliseconds>(now > then ? now - then : then - now);
  if (distance < std::chrono::seconds(1)) return "just now";
  return now > then ? format_duration(distance) + " ago" : "in " + format_duration(distance);
}

void print(std::string_view text) {
  printed = true;
  put_output(text);
}

bool printed_anything() { return printed; }

Json error_json(const Error& error) {
  return {{"error",
           {{"message", to_string(error)},
            {"hint", error.hint.empty() ? Json(nullptr) : Json(error.hint)},
            {"exit_code", exit_code(error.code)}}}};
}

void print_json(const Json& json) {
  // A byte that is not UTF-8 must not end the run with an exception.
  printed = true;
  put_json(json.dump(2, ' ', false, Json::error_handler_t::replace));
}

Json json_text(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

Json json_time(const std::optional<Time>& time) { return time ? Json(to_iso(*time)) : Json(); }

}  // namespace pgdr::command
