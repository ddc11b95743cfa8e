// Results as text for people: aligned tables, colours on terminals only. Pure, tested without a
// terminal. JSON documents carry raw values instead (bytes as numbers, times as UTC texts).
//
//   Table table({{"LABEL"}, {"SIZE", Align::kRight}});
//   table.add({label, format_bytes(size)});
//   print(table.text(color_on_stdout()));
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace pgdr::command {

using Json = nlohmann::ordered_json;

enum class Tone { kPlain, kGood, kWarn, kBad, kDim, kBold };

// ANSI colours around text, or the text itself.
std::string paint(std::string_view text, Tone tone, bool color);
// base/visible.hpp's visible(): what comes from a database or a file must not drive the terminal.
std::string printable(std::string_view text);
// Columns of a UTF-8 text on a terminal: code points, not bytes (wide characters count as one).
std::size_t display_width(std::string_view text);

enum class Align { kLeft, kRight };
struct Column {
  std::string title;
  Align align = Align::kLeft;
};
struct Cell {
  Cell(std::string t, Tone to = Tone::kPlain)  // NOLINT(google-explicit-constructor)
      : text(std::move(t)), tone(to) {}
  Cell(const char* t) : text(t) {}  // NOLINT(google-explicit-constructor)
  std::string text;
  Tone tone = Tone::kPlain;
};

// Two spaces between columns, no lines, no trailing blanks; control characters are shown as
// escapes.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> cells);  // missing cells at the end are empty
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text(bool color) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// "Name:   value" lines, names padded to one width.
class Fields {
 public:
  void add(std::string name, Cell value);
  [[nodiscard]] std::string text(bool color) const;

 private:
  std::vector<std::pair<std::string, Cell>> fields_;
};

// A word for a state and how it looks: ok/passed/complete good, warning/partial/running warn,
// critical/failed/damaged/missing bad, everything else plain.
Cell state_cell(const std::string& state);
// "3 h ago", "in 5 min", "just now".
std::string age(Time then, Time now);

// Writes to standard output.
void print(std::string_view text);
// Two-space indent and a final newline.
void print_json(const Json& json);
// Whether print() or print_json() was called: then the result of this run is out.
bool printed_anything();
// What --json prints in place of a result: {"error": {"message", "hint", "exit_code"}}.
Json error_json(const Error& error);
// null for nullopt.
Json json_text(const std::optional<std::string>& text);
Json json_time(const std::optional<Time>& time);

}  // namespace pgdr::command
