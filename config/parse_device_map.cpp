// A device map: [[point]] and [[repeat]], and the maps that it includes.
#include <algorithm>
#include <filesystem>
#include <set>

#include "config/csv.h"
#include "config/fields.h"
#include "config/parse.h"
#include "config/parse_point.h"
#include "config/register.h"
#include "config/sections.h"

namespace fieldpost::config {
namespace {

constexpr std::size_t most_points = 10'000;
constexpr std::size_t deepest = 8;

struct Reading {
  const std::function<FileText(const std::string&)>& read;
  std::vector<std::string> files;  // that are being read: each includes the next
  std::vector<Problem> problems;
};

DeviceMap parse_file(std::string_view text, Reading& reading);

/// {n} in the name, which a block of several must have.
std::string numbered(const std::string& name, int n) {
  const std::size_t at = name.find("{n}");
  return at == std::string::npos ? name : name.substr(0, at) + std::to_string(n) + name.substr(at + 3);
}

void append(DeviceMap& map, const std::vector<Point>& block, const Repeat& repeat) {
  for (int i = 0; i < repeat.count; ++i) {
    for (Point point : block) {
      point.name = numbered(point.name, repeat.first + i);
      point.reg.address = static_cast<std::uint16_t>(point.reg.address + i * repeat.stride);
      map.points.push_back(std::move(point));
    }
  }
}

void parse_repeat(Fields& fields, DeviceMap& map) {
  constexpr int most_repeats = 1'000;
  constexpr int widest = 65'535;
  Repeat repeat;
  if (fields.require("count", "how often the points stand there"))
    fields.integer("count", repeat.count, 1, most_repeats);
  if (fields.require("stride", "how many registers it is from one to the next")) {
    fields.integer("stride", repeat.stride, 0, widest);
  }
  fields.integer("first", repeat.first, 0, widest);
  const bool has_points = fields.has("point");
  std::vector<Point> block;
  bool counted = true;
  for (Fields& entry : fields.tables("point")) {
    const std::vector<Point> points = parse_point(entry, repeat);
    const std::string& name = points.front().name;
    if (!name.empty() && repeat.count > 1 && name.find("{n}") == std::string::npos) {
      entry.wrong_value("name", name, "must hold {n}, which counts the repeats");
      counted = false;
    }
    block.insert(block.end(), points.begin(), points.end());
  }
  if (!has_points) fields.wrong("point", "is missing: a [[repeat]] has at least one [[repeat.point]]");
  fields.finish();
  if (counted && block.size() * static_cast<std::size_t>(repeat.count) <= most_points) append(map, block, repeat);
}

/// One that stands in for a point of an included map takes its place.
void add_points(DeviceMap& map, std::size_t included, DeviceMap own) {
  for (Point& point : own.points) {
    const auto end = map.points.begin() + static_cast<std::ptrdiff_t>(included);
    const auto same =
        std::find_if(map.points.begin(), end, [&](const Point& other) { return other.name == point.name; });
    if (same != end) {
      *same = std::move(point);
    } else {
      map.points.push_back(std::move(point));
    }
  }
}

/// "base.toml", or { map = "meter.toml", prefix = "grid_", shift = 100, omit = ["frequency"] }.
struct Include {
  std::string map;
  std::string prefix;
  int shift = 0;
  std::vector<std::string> omit;
};

void parse_omit(Fields& fields, Include& include) {
  const Node* node = fields.find("omit");
  if (node == nullptr) return;
  const auto* list = std::get_if<List>(&node->value);
  if (list == nullptr) {
    fields.wrong("omit", "must be an array of names of points");
    return;
  }
  for (const Node& each : *list) {
    if (const auto* name = std::get_if<std::string>(&each.value)) {
      include.omit.push_back(*name);
    } else {
      fields.wrong_at(each.place, "omit", "must be an array of names of points");
    }
  }
}

Include parse_include(Fields& fields) {
  constexpr int widest = 65'535;
  Include include;
  if (fields.require("map", "name the file of the included map")) include.map = fields.text("map").value_or("");
  include.prefix = fields.text("prefix").value_or("");
  fields.integer("shift", include.shift, -widest, widest);
  parse_omit(fields, include);
  fields.finish();
  return include;
}

/// Moves a register of the included map; false where it leaves the table.
bool shift(Register& reg, int by, int width) {
  const int address = reg.address + by;
  if (address < 0 || address + width > 65'536) return false;
  reg.address = static_cast<std::uint16_t>(address);
  return true;
}

void take_included(Fields& fields, const Include& include, DeviceMap included, DeviceMap& map) {
  for (const std::string& name : include.omit) {
    const auto found = std::find_if(included.points.begin(), included.points.end(),
                                    [&](const Point& point) { return point.name == name; });
    if (found == included.points.end()) {
      fields.wrong_value("omit", name, "is no point of " + include.map);
    } else {
      included.points.erase(found);
    }
  }
  for (Point& point : included.points) {
    point.name = include.prefix + point.name;
    bool fits = shift(point.reg, include.shift, width(point));
    if (point.scale_register) fits = shift(*point.scale_register, include.shift, 1) && fits;
    if (point.name.size() > max_name) {
      fields.wrong_value("prefix", include.prefix, "makes the name of " + in_quotes(point.name) + " too long");
    }
    if (!fits) fields.wrong("shift", "moves " + in_quotes(point.name) + " out of its table");
    map.points.push_back(std::move(point));
  }
  for (const RegisterRange& hole : included.holes) {
    Register first{hole.table, hole.first};
    if (shift(first, include.shift, hole.last - hole.first + 1)) {
      map.holes.push_back(
          {hole.table, first.address, static_cast<std::uint16_t>(first.address + hole.last - hole.first)});
    }
  }
  if (map.model.empty()) map.model = included.model;
  map.limits = included.limits;
}

void include_map(Fields& fields, std::string_view key, const Include& include, Reading& reading, DeviceMap& map) {
  if (include.map.empty()) return;
  const std::string path = (std::filesystem::path(reading.files.back()).parent_path() / include.map).lexically_normal();
  if (std::find(reading.files.begin(), reading.files.end(), path) != reading.files.end()) {
    fields.wrong_value(key, include.map, "includes itself");
    return;
  }
  if (reading.files.size() >= deepest) {
    fields.wrong_value(key, include.map, "is one include too deep: at most " + std::to_string(deepest) + " maps");
    return;
  }
  const FileText file = reading.read(path);
  if (!file.error.empty()) {
    fields.wrong(key, "cannot read \"" + printable(path, 4096) + "\": " + file.error);
    return;
  }
  reading.files.push_back(path);
  DeviceMap included = parse_file(file.text, reading);
  reading.files.pop_back();
  take_included(fields, include, std::move(included), map);
}

void parse_includes(Fields& root, Report& report, Reading& reading, DeviceMap& map) {
  const Node* node = root.find("include");
  if (node == nullptr) return;
  const auto* list = std::get_if<List>(&node->value);
  const List one{*node};
  for (const Node& each : list != nullptr ? *list : one) {
    if (const auto* path = std::get_if<std::string>(&each.value)) {
      include_map(root, "include", {*path, "", 0, {}}, reading, map);
    } else if (std::holds_alternative<Members>(each.value)) {
      Fields fields(each, "include", report);
      include_map(fields, "map", parse_include(fields), reading, map);
    } else {
      root.wrong_at(each.place, "include", "must be the path of a map, a table with map, or an array of them");
    }
  }
}

void parse_holes(Fields& root, DeviceMap& map) {
  const Node* node = root.find("holes");
  if (node == nullptr) return;
  const auto* list = std::get_if<List>(&node->value);
  const List one{*node};
  for (const Node& each : list != nullptr ? *list : one) {
    const auto* text = std::get_if<std::string>(&each.value);
    const Parsed<RegisterRange> parsed = text != nullptr ? parse_range(*text) : Wrong{"must be a text"};
    if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
      root.wrong_at(each.place, "holes", (text != nullptr ? in_quotes(*text) + " " : "") + wrong->what);
    } else {
      map.holes.push_back(std::get<RegisterRange>(parsed));
    }
  }
}

bool overlaps(const RegisterRange& hole, const Point& point) {
  return hole.table == point.reg.table && point.reg.address <= hole.last &&
         point.reg.address + width(point) > hole.first;
}

/// What is wrong with all of the map together.
void check(Fields& root, const DeviceMap& map) {
  std::set<std::string> names;
  for (const Point& point : map.points) {
    if (!point.name.empty() && !names.insert(point.name).second) {
      root.wrong("point", in_quotes(point.name) + " is the name of two points of this map");
    }
    for (const RegisterRange& hole : map.holes) {
      if (overlaps(hole, point)) root.wrong("holes", "hold the registers of the point " + in_quotes(point.name));
    }
  }
  if (map.points.size() > most_points) {
    root.wrong("point", "a map has at most " + std::to_string(most_points) + " points, not " +
                            std::to_string(map.points.size()));
  }
}

DeviceMap parse_file(std::string_view text, Reading& reading) {
  const std::string& file = reading.files.back();
  const bool csv = file.ends_with(".csv") || file.ends_with(".CSV");
  std::variant<Node, Problem> document = csv ? parse_csv(text, file) : parse_document(text, file);
  if (auto* problem = std::get_if<Problem>(&document)) {
    reading.problems.push_back(std::move(*problem));
    return {};
  }
  Report report{file, {}};
  Fields root(std::get<Node>(document), "", report);
  DeviceMap map;
  map.model = root.text("model").value_or("");
  parse_includes(root, report, reading, map);
  const std::size_t included = map.points.size();
  parse_limits(root, map.limits);
  parse_holes(root, map);
  DeviceMap own;
  std::set<std::string> names;
  for (Fields& fields : root.tables("point")) {
    const std::vector<Point> points = parse_point(fields);
    const std::string& name = points.front().name;
    if (!name.empty() && !names.insert(name).second) {
      fields.wrong_value("name", name, "is already the name of a point of this map");
      continue;
    }
    own.points.insert(own.points.end(), points.begin(), points.end());
  }
  for (Fields& fields : root.tables("repeat"))
    parse_repeat(fields, own);
  add_points(map, included, std::move(own));
  if (!root.has("point") && !root.has("repeat") && !root.has("include")) {
    root.wrong("point", "is missing: a device map has at least one [[point]]");
  }
  check(root, map);
  root.finish();
  std::move(report.problems.begin(), report.problems.end(), std::back_inserter(reading.problems));
  return map;
}

}  // namespace

LoadedMap parse_device_map(std::string_view text, const std::string& file,
                           const std::function<FileText(const std::string&)>& read) {
  Reading reading{read, {file}, {}};
  DeviceMap map = parse_file(text, reading);
  if (!reading.problems.empty()) return {std::nullopt, std::move(reading.problems)};
  return {std::move(map), {}};
}

}  // namespace fieldpost::config
