#include "config/csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "config/text.h"
#include "config/utf8.h"

namespace fieldpost::config {
namespace {

struct Cell {
  std::string text;
  Place place;
};
using Row = std::vector<Cell>;

/// The cells of a text, row by row. Lines and columns count from 1, columns in bytes as TOML's do.
class Reader {
 public:
  Reader(std::string_view text, char separator) : text_(text), separator_(separator) {}

  bool at_end() const { return at_ == text_.size(); }

  /// What is wrong with the last cell of `row`, at which reading ends; empty where all is right.
  std::string_view next(Row& row) {
    row.clear();
    do {
      if (!cell(row.emplace_back())) return "a quote is opened here and not closed";
    } while (take(separator_));
    if (!at_end() && !at_line_end()) {
      return "text stands behind the closing quote: a quote inside a cell is written twice";
    }
    take('\r');
    if (take('\n')) {
      ++line_;
      begin_ = at_;
    }
    return {};
  }

 private:
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool cell(Cell& cell) {
    cell.place = {line_, static_cast<int>(at_ - begin_) + 1};
    if (take('"')) return quoted(cell.text);
    while (!at_end() && text_[at_] != separator_ && !at_line_end())
      cell.text += text_[at_++];
    trim(cell);
    return true;
  }

  bool at_line_end() const {
    return text_[at_] == '\n' || (text_[at_] == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n'));
  }

  bool quoted(std::string& into) {
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == '"' && !take('"')) {
        while (take(' ')) {
        }
        return true;
      }
      if (c == '\n') {
        ++line_;
        begin_ = at_;
      }
      into += c;
    }
    return false;
  }

  static void trim(Cell& cell) {
    const std::size_t first = cell.text.find_first_not_of(' ');
    if (first == std::string::npos) {
      cell.text.clear();
      return;
    }
    cell.place.column += static_cast<int>(first);
    cell.text = cell.text.substr(first, cell.text.find_last_not_of(' ') + 1 - first);
  }

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the line
  int line_ = 1;
};

/// The one that the header, the first line that is neither blank nor a comment, has most of.
char separator(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.find_first_not_of("\r ,;\t") == std::string_view::npos || line.front() == '#') continue;
    constexpr std::array candidates{';', '\t', ','};
    return *std::max_element(candidates.begin(), candidates.end(), [&](char a, char b) {
      return std::count(line.begin(), line.end(), a) < std::count(line.begin(), line.end(), b);
    });
  }
  return ',';
}

bool blank(const Row& row) {
  return std::all_of(row.begin(), row.end(), [](const Cell& cell) { return cell.text.empty(); });
}

/// A decimal comma as a point. In a file whose columns commas separate, such a cell is a quoted one.
std::string with_point(std::string text) {
  if (text.find('.') == std::string::npos && std::count(text.begin(), text.end(), ',') == 1) {
    text.replace(text.find(','), 1, ".");
  }
  return text;
}

/// A whole number or one with a fraction; a text that is neither stays one.
Node number(const Cell& cell) {
  const std::string text = with_point(cell.text);
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto [stop, error] = std::from_chars(begin, end, integer); error == std::errc{} && stop == end) {
    return {cell.place, integer};
  }
  double real = 0;
  if (const auto [stop, error] = std::from_chars(begin, end, real); error == std::errc{} && stop == end) {
    return {cell.place, real};
  }
  return {cell.place, cell.text};
}

/// What the separator divides, without the blanks around each.
std::vector<Cell> parts(const Cell& cell, char separator) {
  std::vector<Cell> list;
  std::size_t begin = 0;
  while (begin <= cell.text.size()) {
    const std::size_t end = std::min(cell.text.find(separator, begin), cell.text.size());
    Cell part{cell.text.substr(begin, end - begin), cell.place};
    const std::size_t first = part.text.find_first_not_of(' ');
    part.text = first == std::string::npos ? "" : part.text.substr(first, part.text.find_last_not_of(' ') + 1 - first);
    list.push_back(std::move(part));
    begin = end + 1;
  }
  return list;
}

/// The first of the candidates that the cell has, else the last.
char inner_separator(const Cell& cell, std::string_view candidates) {
  const auto found = std::find_if(candidates.begin(), candidates.end(),
                                  [&](char c) { return cell.text.find(c) != std::string::npos; });
  return found != candidates.end() ? *found : candidates.back();
}

/// "0=off|1=on", "0=off;1=on" or "0=off,1=on". A cell that is not all pairs stays a text, which is refused where the
/// names are read: "1=on,2=auto" is one name to nobody.
Node names(const Cell& cell) {
  Members members;
  for (const Cell& part : parts(cell, inner_separator(cell, "|;,"))) {
    if (std::count(part.text.begin(), part.text.end(), '=') != 1) return {cell.place, cell.text};
    const std::size_t equals = part.text.find('=');
    members.push_back({part.text.substr(0, equals), cell.place, Node{cell.place, part.text.substr(equals + 1)}});
  }
  return {cell.place, std::move(members)};
}

Node value(const std::string& key, const Cell& cell) {
  if (key == "scale" || key == "offset") return number(cell);
  if (key == "deadband") return number({with_point(cell.text), cell.place});
  if (key == "enum" || key == "bits") return names(cell);
  if (key == "invalid") {
    List list;
    for (const Cell& part : parts(cell, inner_separator(cell, "|;")))  // a comma may be a decimal one
      list.push_back(number(part));
    return {cell.place, std::move(list)};
  }
  return {cell.place, cell.text};
}

Problem problem(const std::string& file, Place place, std::string key, std::string message) {
  return {file, place.line, place.column, std::move(key), std::move(message)};
}

std::optional<Problem> check_header(const Row& header, const std::string& file) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto twice = std::find_if(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(i),
                                    [&](const Cell& other) { return other.text == header[i].text; });
    if (header[i].text.empty() || twice == header.begin() + static_cast<std::ptrdiff_t>(i)) continue;
    return problem(file, header[i].place, "", "the header names the column " + in_quotes(header[i].text) + " twice");
  }
  const bool has_names =
      std::any_of(header.begin(), header.end(), [](const Cell& cell) { return cell.text == "name"; });
  if (has_names) return std::nullopt;
  return problem(file, header.front().place, "",
                 "the first row must be the header, with the columns name, register, type and so on");
}

std::variant<Node, Problem> point(const Row& header, const Row& row, const std::string& file) {
  Members members;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i].text.empty()) continue;
    if (i >= header.size() || header[i].text.empty()) {
      return problem(file, row[i].place, "",
                     in_quotes(row[i].text) + " stands in a column that the header does not name");
    }
    members.push_back({header[i].text, row[i].place, value(header[i].text, row[i])});
  }
  return Node{row.front().place, std::move(members)};
}

}  // namespace

std::variant<Node, Problem> parse_csv(std::string_view text, const std::string& file) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (text.size() > max_file_size) return problem(file, {}, "", "is larger than 1 MiB, the most that is read");
  if (!valid_utf8(text)) {
    return problem(file, {}, "", "is not UTF-8: export the spreadsheet as \"CSV UTF-8\"");
  }
  Reader reader(text, separator(text));
  Row row;
  Row header;
  List points;
  while (!reader.at_end()) {
    if (const std::string_view wrong = reader.next(row); !wrong.empty()) {
      return problem(file, row.back().place, "", std::string(wrong));
    }
    if (blank(row) || row.front().text.starts_with('#')) continue;
    if (header.empty()) {
      header = row;
      if (auto wrong = check_header(header, file)) return *wrong;
      continue;
    }
    std::variant<Node, Problem> entry = point(header, row, file);
    if (auto* wrong = std::get_if<Problem>(&entry)) return std::move(*wrong);
    points.push_back(std::get<Node>(std::move(entry)));
  }
  if (points.empty()) return problem(file, {}, "point", "is missing: a device map has a header and at least one row");
  Members root;
  const Place first = points.front().place;
  root.push_back({"point", first, Node{first, std::move(points)}});
  return Node{{1, 1}, std::move(root)};
}

}  // namespace fieldpost::config
