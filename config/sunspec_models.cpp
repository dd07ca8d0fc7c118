// The text is compiled in and a test reads all of it, so that it is right: what it says is taken without complaint.
#include "config/sunspec_models.h"

#include <algorithm>
#include <array>

#include "config/text.h"

namespace fieldpost::config {
namespace {

using Kind = SunspecPoint::Kind;

struct TypeFacts {
  std::string_view name;
  Kind kind;
  Type type;
  std::uint64_t none;
};

// SunSpec Device Information Model Specification 1.1, section 4.2.3.
constexpr std::array types{TypeFacts{"int16", Kind::value, Type::int16, 0x8000},
                           TypeFacts{"uint16", Kind::value, Type::uint16, 0xffff},
                           TypeFacts{"count", Kind::value, Type::uint16, 0xffff},
                           TypeFacts{"enum16", Kind::names, Type::uint16, 0xffff},
                           TypeFacts{"bitfield16", Kind::bits, Type::uint16, 0xffff},
                           TypeFacts{"sunssf", Kind::scale, Type::int16, 0x8000},
                           TypeFacts{"pad", Kind::filler, Type::uint16, 0x8000},
                           TypeFacts{"int32", Kind::value, Type::int32, 0x80000000},
                           TypeFacts{"uint32", Kind::value, Type::uint32, 0xffffffff},
                           TypeFacts{"acc32", Kind::value, Type::uint32, 0},
                           TypeFacts{"bitfield32", Kind::bits, Type::uint32, 0xffffffff},
                           TypeFacts{"uint64", Kind::value, Type::uint64, 0xffffffffffffffff},
                           TypeFacts{"acc64", Kind::value, Type::uint64, 0},
                           TypeFacts{"float32", Kind::value, Type::float32, 0x7fc00000}};

/// What stands before the separator, or all; the rest stays.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

std::uint16_t number(std::string_view text) {
  return static_cast<std::uint16_t>(parse_number(text, 0xffff).value_or(0));
}

std::vector<EnumName> parse_symbols(std::string_view text) {
  std::vector<EnumName> symbols;
  while (!text.empty()) {
    std::string_view symbol = take(text, ',');
    const std::string_view code = take(symbol, '=');
    symbols.push_back({number(code), std::string(symbol)});
  }
  return symbols;
}

SunspecPoint parse_point(std::string_view line) {
  SunspecPoint point;
  point.name = take(line, ';');
  const std::string_view type = take(line, ';');
  point.unit = take(line, ';');
  point.scale = take(line, ';');
  point.fixed = !take(line, ';').empty();
  point.symbols = parse_symbols(line);
  constexpr std::string_view string = "string:";
  if (type.starts_with(string)) {
    point.type = Type::string;
    point.size = number(type.substr(string.size()));
    return point;
  }
  const auto* facts =
      std::find_if(types.begin(), types.end(), [&](const TypeFacts& each) { return each.name == type; });
  if (facts == types.end()) return point;
  point.kind = facts->kind;
  point.type = facts->type;
  point.none = facts->none;
  return point;
}

void parse_lines(std::string_view& text, SunspecBlock& block) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (line.empty() || line == "end") return;
    if (line.starts_with("block;")) {
      take(line, ';');
      SunspecBlock inner;
      inner.name = take(line, ';');
      inner.count = line;
      parse_lines(text, inner);
      block.blocks.push_back(std::move(inner));
    } else {
      block.points.push_back(parse_point(line));
    }
  }
}

/// The models, one after the other: their ids, their name, and the text behind.
template <typename Visit>
void each_model(const Visit& visit) {
  std::string_view text = sunspec_text();
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (!line.starts_with("model;")) continue;
    take(line, ';');
    const std::string_view ids = take(line, ';');
    if (visit(ids, line, text)) return;
  }
}

}  // namespace

std::optional<SunspecBlock> sunspec_model(std::uint16_t id) {
  std::optional<SunspecBlock> model;
  each_model([&](std::string_view ids, std::string_view name, std::string_view text) {
    while (!ids.empty()) {
      if (number(take(ids, ',')) != id) continue;
      model.emplace();
      model->name = name;
      model->count = "1";
      parse_lines(text, *model);
      return true;
    }
    return false;
  });
  return model;
}

std::vector<std::uint16_t> sunspec_models() {
  std::vector<std::uint16_t> all;
  each_model([&](std::string_view ids, std::string_view, std::string_view) {
    while (!ids.empty())
      all.push_back(number(take(ids, ',')));
    return false;
  });
  return all;
}

}  // namespace fieldpost::config
