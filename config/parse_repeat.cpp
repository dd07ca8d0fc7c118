#include "config/parse_repeat.h"

#include <algorithm>
#include <string>
#include <utility>

namespace fieldpost::config {
namespace {

/// {n} in the name, which a block of several must have.
std::string numbered(const std::string& name, int n) {
  const std::size_t at = name.find("{n}");
  return at == std::string::npos ? name : name.substr(0, at) + std::to_string(n) + name.substr(at + 3);
}

/// From the block's lowest register on, as many as it is to the next block: other registers are of all blocks.
bool within(const std::vector<Entry>& block, int stride, const Register& reg) {
  int first = reg.address + 1;
  for (const Entry& entry : block) {
    const Register& other = entry.points.front().reg;
    if (other.table == reg.table) first = std::min<int>(first, other.address);
  }
  return reg.address >= first && reg.address < first + stride;
}

void append(Fields& fields, const std::vector<Entry>& block, const Repeat& repeat, MapPoints& points) {
  for (int i = 0; i < repeat.count; ++i) {
    for (Entry entry : block) {
      for (Point& point : entry.points) {
        point.name = numbered(point.name, repeat.first + i);
        shift(point.reg, i * repeat.stride, width(point));  // parse_point() has told what does not fit
        if (!point.scale_register || !within(block, repeat.stride, *point.scale_register)) continue;
        if (!shift(*point.scale_register, i * repeat.stride, 1)) {
          fields.wrong_at(entry.place, "point",
                          "the scale register of " + in_quotes(point.name) + " lies behind the last register, 65535");
          return;
        }
      }
      if (!points.add(fields, "point", std::move(entry))) return;
    }
  }
}

}  // namespace

void parse_repeat(Fields& fields, MapPoints& points) {
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
  std::vector<Entry> block;
  bool counted = true;
  for (Fields& each : fields.tables("point")) {
    Entry entry = parse_point(each, repeat);
    const std::string& name = entry.points.front().name;
    if (!name.empty() && repeat.count > 1 && name.find("{n}") == std::string::npos) {
      each.wrong_value("name", name, "must hold {n}, which counts the repeats");
      counted = false;
    }
    block.push_back(std::move(entry));
  }
  if (!has_points) fields.wrong("point", "is missing: a [[repeat]] has at least one [[repeat.point]]");
  fields.finish();
  if (counted) append(fields, block, repeat, points);
}

}  // namespace fieldpost::config
