// A device map: [[point]] and [[repeat]], and the maps that it includes.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "config/csv.h"
#include "config/fields.h"
#include "config/map_points.h"
#include "config/parse.h"
#include "config/parse_point.h"
#include "config/parse_repeat.h"
#include "config/register.h"
#include "config/sections.h"

namespace fieldpost::config {
namespace {

constexpr std::size_t deepest = 8;

/// A device map that may yet be included in another.
struct Draft {
  std::string model;
  std::vector<Entry> entries{};
  std::vector<RegisterRange> holes{};
  Limits limits{};
};

struct Reading {
  const std::function<FileText(const std::string&)>& read;
  std::vector<std::string> files;  // that are being read: each includes the next
  std::vector<Problem> problems{};
  // Each is read once, or maps that include others several times over would take for ever; nothing: it cannot be read.
  std::map<std::string, std::optional<Draft>> included{};
};

Draft parse_file(std::string_view text, Reading& reading);

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

/// Which of the points the include leaves out: the bits of one go with it.
std::set<std::string> omitted(Fields& fields, const Include& include, const Draft& included) {
  std::set<std::string> names;
  for (const Entry& entry : included.entries) {
    for (const Point& point : entry.points)
      names.insert(point.name);
  }
  for (const std::string& name : include.omit) {
    if (!names.contains(name)) fields.wrong_value("omit", name, "is no point of " + include.map);
  }
  return {include.omit.begin(), include.omit.end()};
}

/// The point as the include has it.
void move_included(Fields& fields, const Include& include, Point& point) {
  point.name = include.prefix + point.name;
  if (point.name.size() > max_name) {
    fields.wrong_value("prefix", include.prefix, "makes the name of " + in_quotes(point.name) + " too long");
  }
  bool fits = shift(point.reg, include.shift, width(point));
  if (point.scale_register) fits = shift(*point.scale_register, include.shift, 1) && fits;
  if (!fits) fields.wrong("shift", "moves " + in_quotes(point.name) + " out of its table");
}

std::optional<int> smaller(const std::optional<int>& a, const std::optional<int>& b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

/// What is included, and where.
struct Inclusion {
  Fields& fields;
  std::string_view key;
  Place place;
};

void take_included(const Inclusion& at, const Include& include, const Draft& included, Draft& map, MapPoints& points) {
  const std::set<std::string> left_out = omitted(at.fields, include, included);
  for (Entry entry : included.entries) {
    if (left_out.contains(entry.points.front().name)) continue;
    std::erase_if(entry.points, [&](const Point& bit) { return left_out.contains(bit.name); });
    for (Point& point : entry.points)
      move_included(at.fields, include, point);
    entry.place = at.place;
    if (!points.add(at.fields, at.key, std::move(entry))) break;
  }
  for (const RegisterRange& hole : included.holes) {
    Register first{hole.table, hole.first};
    if (shift(first, include.shift, hole.last - hole.first + 1)) {
      map.holes.push_back(
          {hole.table, first.address, static_cast<std::uint16_t>(first.address + hole.last - hole.first)});
    }
  }
  if (map.model.empty()) map.model = included.model;
  map.limits = {smaller(map.limits.max_registers, included.limits.max_registers),
                smaller(map.limits.max_coils, included.limits.max_coils),
                smaller(map.limits.max_gap, included.limits.max_gap)};
}

/// The map at the path; nullptr, and perhaps a problem, where there is none.
const Draft* read_included(const Inclusion& at, const std::string& path, Reading& reading) {
  const auto [found, is_new] = reading.included.try_emplace(path);
  std::optional<Draft>& draft = found->second;
  if (is_new) {
    const FileText file = reading.read(path);
    if (!file.error.empty()) {
      at.fields.wrong_at(at.place, at.key, "cannot read \"" + printable(path, 4096) + "\": " + file.error);
      return nullptr;
    }
    reading.files.push_back(path);
    draft = parse_file(file.text, reading);
    reading.files.pop_back();
  }
  return draft ? &*draft : nullptr;
}

void include_map(const Inclusion& at, const Include& include, Reading& reading, Draft& map, MapPoints& points) {
  if (include.map.empty()) return;
  const std::string path = (std::filesystem::path(reading.files.back()).parent_path() / include.map).lexically_normal();
  const auto wrong = [&](const std::string& what) {
    at.fields.wrong_at(at.place, at.key, in_quotes(include.map) + " " + what);
  };
  if (std::find(reading.files.begin(), reading.files.end(), path) != reading.files.end()) {
    return wrong("includes itself");
  }
  if (reading.files.size() >= deepest) {
    return wrong("is one include too deep: at most " + std::to_string(deepest) + " maps");
  }
  const Draft* included = read_included(at, path, reading);
  // What follows from a wrong map would only be told beside what is wrong.
  if (included != nullptr && reading.problems.empty()) take_included(at, include, *included, map, points);
}

MapPoints parse_includes(Fields& root, Report& report, Reading& reading, Draft& map) {
  MapPoints points;
  const Node* node = root.find("include");
  if (node == nullptr) return points;
  const auto* list = std::get_if<List>(&node->value);
  const List one{*node};
  for (const Node& each : list != nullptr ? *list : one) {
    if (const auto* path = std::get_if<std::string>(&each.value)) {
      include_map({root, "include", each.place}, {*path, "", 0, {}}, reading, map, points);
    } else if (std::holds_alternative<Members>(each.value)) {
      Fields fields(each, "include", report);
      const Include include = parse_include(fields);
      const Node* file = fields.find("map");
      include_map({fields, "map", file != nullptr ? file->place : each.place}, include, reading, map, points);
    } else {
      root.wrong_at(each.place, "include", "must be the path of a map, a table with map, or an array of them");
    }
  }
  return points;
}

void parse_holes(Fields& root, Draft& map) {
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

bool overlaps(const RegisterRange& hole, const Register& reg, int width) {
  return hole.table == reg.table && reg.address <= hole.last && reg.address + width > hole.first;
}

void check_holes(Fields& root, const Draft& map) {
  const Node* own = root.find("holes");
  for (const Entry& entry : map.entries) {
    const Point& point = entry.points.front();
    const Place place = own != nullptr ? own->place : entry.place;
    for (const RegisterRange& hole : map.holes) {
      if (overlaps(hole, point.reg, width(point))) {
        root.wrong_at(place, "holes", "hold the registers of the point " + in_quotes(point.name));
      } else if (point.scale_register && overlaps(hole, *point.scale_register, 1)) {
        root.wrong_at(place, "holes", "hold the scale register of the point " + in_quotes(point.name));
      }
    }
  }
}

/// A map that is wrong elsewhere may have no points because of that.
void check_count(Fields& root, const Draft& map, bool right) {
  const std::size_t count = count_points(map.entries);
  if (right && count == 0) root.wrong("point", "is missing: a device map has at least one [[point]]");
  if (count > most_points) {
    root.wrong("point", "a map has at most " + std::to_string(most_points) + " points, not " + std::to_string(count));
  }
}

Draft parse_file(std::string_view text, Reading& reading) {
  const std::string& file = reading.files.back();
  const bool csv = file.ends_with(".csv") || file.ends_with(".CSV");
  std::variant<Node, Problem> document = csv ? parse_csv(text, file) : parse_document(text, file);
  if (auto* problem = std::get_if<Problem>(&document)) {
    reading.problems.push_back(std::move(*problem));
    return {};
  }
  Report report{file, {}};
  Fields root(std::get<Node>(document), "", report);
  Draft map;
  map.model = root.text("model").value_or("");
  MapPoints included = parse_includes(root, report, reading, map);
  parse_limits(root, map.limits);
  parse_holes(root, map);
  MapPoints own;
  for (Fields& fields : root.tables("point"))
    own.add(fields, "name", parse_point(fields));
  for (Fields& fields : root.tables("repeat"))
    parse_repeat(fields, own);
  map.entries = std::move(included).under(std::move(own));
  check_holes(root, map);
  check_count(root, map, report.problems.empty() && reading.problems.empty());
  root.finish();
  std::move(report.problems.begin(), report.problems.end(), std::back_inserter(reading.problems));
  return map;
}

}  // namespace

LoadedMap parse_device_map(std::string_view text, const std::string& file,
                           const std::function<FileText(const std::string&)>& read) {
  Reading reading{read, {file}};
  Draft draft = parse_file(text, reading);
  if (!reading.problems.empty()) return {std::nullopt, std::move(reading.problems)};
  DeviceMap map{std::move(draft.model), {}, std::move(draft.holes), draft.limits};
  for (Entry& entry : draft.entries)
    std::move(entry.points.begin(), entry.points.end(), std::back_inserter(map.points));
  return {std::move(map), {}};
}

}  // namespace fieldpost::config
