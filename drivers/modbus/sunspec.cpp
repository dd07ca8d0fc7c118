#include "drivers/modbus/sunspec.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "config/point_type.h"
#include "config/sunspec_models.h"

namespace fieldpost::drivers::modbus::sunspec {
namespace {

using config::Point;
using config::SunspecBlock;
using config::SunspecPoint;
using config::Table;
using Kind = SunspecPoint::Kind;

std::size_t width(const SunspecPoint& point) {
  return static_cast<std::size_t>(config::width(point.type, point.size));
}

/// The names of all points that count blocks, of the blocks' blocks too.
void counts(const SunspecBlock& block, std::vector<std::string>& names) {
  for (const SunspecBlock& inner : block.blocks) {
    if (inner.count != "*" && inner.count != "1") names.push_back(inner.count);
    counts(inner, names);
  }
}

/// One model's points, from its first register to its end.
class Walk {
 public:
  Walk(const Model& model, const Registers& registers, std::vector<Point>& into)
      : at_(model.first), end_(std::size_t{model.first} + model.length), registers_(registers), into_(into) {}

  void model(const SunspecBlock& model, const std::string& prefix) {
    counts(model, count_names_);
    block(model, prefix);
  }

 private:
  struct Scale {
    std::string name;
    std::uint16_t address = 0;
  };

  void block(const SunspecBlock& block, const std::string& prefix) {
    const std::size_t outer = scales_.size();
    find_scales(block);
    for (const SunspecPoint& point : block.points) {
      if (at_ + width(point) > end_) {
        at_ = end_;
        break;
      }
      if (std::find(count_names_.begin(), count_names_.end(), point.name) != count_names_.end()) {
        counts_.emplace(point.name, static_cast<std::uint16_t>(at_));
      }
      add(point, prefix);
      at_ += width(point);
    }
    for (const SunspecBlock& inner : block.blocks)
      repeat(inner, prefix);
    scales_.resize(outer);
  }

  /// They may stand behind the points that need them, and those of a block before those around it.
  void find_scales(const SunspecBlock& block) {
    std::size_t at = at_;
    for (const SunspecPoint& point : block.points) {
      if (point.kind == Kind::scale && at < end_) scales_.push_back({point.name, static_cast<std::uint16_t>(at)});
      at += width(point);
    }
  }

  /// How often the block stands there; the model's length bounds it in any case.
  std::size_t times(const SunspecBlock& block) const {
    if (block.count == "1") return 1;
    if (block.count == "*") {
      std::size_t size = 0;
      for (const SunspecPoint& point : block.points)
        size += width(point);
      return size == 0 ? 0 : (end_ - at_) / size;
    }
    const auto place = counts_.find(block.count);
    if (place == counts_.end()) return 0;
    const auto found = registers_.find(place->second);
    constexpr std::uint16_t not_implemented = 0xffff;
    return found == registers_.end() || found->second == not_implemented ? 0 : found->second;
  }

  void repeat(const SunspecBlock& inner, const std::string& prefix) {
    const std::size_t often = times(inner);
    for (std::size_t i = 1; i <= often && at_ < end_ && into_.size() < most_points; ++i)
      block(inner, prefix + inner.name + (inner.count == "1" ? "" : std::to_string(i)) + ".");
  }

  /// False: its scale cannot be had, and without it the value would be wrong.
  bool scale(const SunspecPoint& from, Point& point) const {
    if (from.scale.empty()) return true;
    int power = 0;
    const char* end = from.scale.data() + from.scale.size();
    if (std::from_chars(from.scale.data(), end, power).ptr == end) {
      point.scale = {1, power};
      return true;
    }
    const auto found =
        std::find_if(scales_.rbegin(), scales_.rend(), [&](const Scale& s) { return s.name == from.scale; });
    if (found == scales_.rend()) return false;
    point.scale_register = config::Register{Table::holding, found->address};
    return true;
  }

  void add(const SunspecPoint& from, const std::string& prefix) {
    if (from.kind == Kind::scale || from.kind == Kind::filler || into_.size() >= most_points) return;
    Point point;
    point.name = prefix + from.name;
    point.reg = {Table::holding, static_cast<std::uint16_t>(at_)};
    point.type = from.type;
    point.size = from.size;
    point.unit = from.unit;
    point.invalid.push_back(from.none);
    if (from.kind == Kind::names) point.names = from.symbols;
    if (from.fixed) point.every = std::chrono::hours{1};
    if (!scale(from, point)) return;
    into_.push_back(std::move(point));
    if (from.kind == Kind::bits) add_bits(from, prefix);
  }

  /// Each of all the registers of the field: only together they say that it is not implemented.
  void add_bits(const SunspecPoint& from, const std::string& prefix) {
    for (const config::EnumName& symbol : from.symbols) {
      if (into_.size() >= most_points) return;
      Point bit;
      bit.name = prefix + from.name + "." + symbol.name;
      bit.reg = {Table::holding, static_cast<std::uint16_t>(at_)};
      bit.type = width(from) == 1 ? config::Type::bit : config::Type::bit32;
      bit.size = static_cast<std::uint16_t>(symbol.code);
      bit.invalid.push_back(from.none);
      into_.push_back(std::move(bit));
    }
  }

  std::size_t at_;
  const std::size_t end_;
  const Registers& registers_;
  std::vector<Point>& into_;
  std::vector<Scale> scales_;                    // of the blocks around, the innermost last
  std::vector<std::string> count_names_;         // of the points that count blocks
  std::map<std::string, std::uint16_t> counts_;  // where they stand
};

}  // namespace

std::vector<std::uint16_t> count_registers(const Chain& chain) {
  std::vector<std::uint16_t> addresses;
  for (const Model& model : chain) {
    const std::optional<SunspecBlock> known = config::sunspec_model(model.id);
    if (!known) continue;
    std::vector<std::string> names;
    counts(*known, names);
    std::size_t offset = 0;
    for (const SunspecPoint& point : known->points) {
      if (offset < model.length && std::find(names.begin(), names.end(), point.name) != names.end()) {
        addresses.push_back(static_cast<std::uint16_t>(model.first + offset));
      }
      offset += width(point);
    }
  }
  return addresses;
}

std::vector<Point> points(const Chain& chain, const Registers& registers) {
  std::vector<Point> all;
  std::map<std::string, int> seen;
  for (const Model& model : chain) {
    const std::optional<SunspecBlock> known = config::sunspec_model(model.id);
    if (!known) continue;
    const int nth = ++seen[known->name];
    Walk(model, registers, all).model(*known, known->name + (nth > 1 ? std::to_string(nth) : "") + ".");
  }
  return all;
}

std::vector<std::string> unknown_models(const Chain& chain) {
  std::vector<std::string> lines;
  for (const Model& model : chain) {
    if (config::sunspec_model(model.id)) continue;
    lines.push_back("the SunSpec model " + std::to_string(model.id) + " is not known: its " +
                    std::to_string(model.length) + " registers from holding:" + std::to_string(model.first) +
                    " on are left out");
  }
  return lines;
}

}  // namespace fieldpost::drivers::modbus::sunspec
