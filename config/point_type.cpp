#include "config/point_type.h"

#include <array>
#include <string>
#include <utility>

namespace fieldpost::config {
namespace {

constexpr std::array sizeless{
    std::pair{"bool", Type::boolean},    std::pair{"int16", Type::int16},     std::pair{"uint16", Type::uint16},
    std::pair{"int32", Type::int32},     std::pair{"uint32", Type::uint32},   std::pair{"int64", Type::int64},
    std::pair{"uint64", Type::uint64},   std::pair{"float16", Type::float16}, std::pair{"float32", Type::float32},
    std::pair{"float64", Type::float64}, std::pair{"bcd16", Type::bcd16},     std::pair{"bcd32", Type::bcd32}};

/// The longest that one request takes: 125 registers (Application Protocol 1.1b3, section 6.3).
constexpr std::uint64_t longest_string = 250;

using OrderName = std::pair<std::string_view, ByteOrder>;
constexpr std::array orders16{OrderName{"AB", ByteOrder::ABCD}, OrderName{"BA", ByteOrder::BADC}};
constexpr std::array orders32{OrderName{"ABCD", ByteOrder::ABCD}, OrderName{"CDAB", ByteOrder::CDAB},
                              OrderName{"BADC", ByteOrder::BADC}, OrderName{"DCBA", ByteOrder::DCBA}};
constexpr std::array orders64{OrderName{"ABCDEFGH", ByteOrder::ABCD},     OrderName{"GHEFCDAB", ByteOrder::CDAB},
                              OrderName{"BADCFEHG", ByteOrder::BADC},     OrderName{"HGFEDCBA", ByteOrder::DCBA},
                              OrderName{"EFGHABCD", ByteOrder::EFGHABCD}, OrderName{"FEHGBADC", ByteOrder::FEHGBADC},
                              OrderName{"CDABGHEF", ByteOrder::CDABGHEF}, OrderName{"DCBAHGFE", ByteOrder::DCBAHGFE}};

template <typename Names>
bool look_up(const Names& names, std::string_view text, ByteOrder& into) {
  for (const auto& [name, order] : names) {
    if (name != text) continue;
    into = order;
    return true;
  }
  return false;
}

}  // namespace

Parsed<SizedType> parse_type(std::string_view text) {
  for (const auto& [name, type] : sizeless) {
    if (text == name) return SizedType{type};
  }
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  constexpr std::uint64_t none = 65'535;
  const std::uint64_t size =
      colon == std::string_view::npos ? none : parse_number(text.substr(colon + 1), none).value_or(none);
  if (kind == "bit") {
    if (size > 15) return Wrong{"must name the bit, as in bit:3: from 0, the least significant, to 15"};
    return SizedType{Type::bit, static_cast<std::uint16_t>(size)};
  }
  if (kind == "string") {
    if (size == 0 || size > longest_string) {
      return Wrong{"must say how many bytes it has, as in string:16: from 1 to " + std::to_string(longest_string)};
    }
    return SizedType{Type::string, static_cast<std::uint16_t>(size)};
  }
  return Wrong{
      "is no type: must be bool, bit:N, int16, uint16, int32, uint32, int64, uint64, float16, float32, float64, "
      "bcd16, bcd32 or string:N"};
}

Parsed<ByteOrder> parse_order(std::string_view text, Type type) {
  if (type == Type::boolean) return Wrong{"cannot be: a bool has no byte order"};
  ByteOrder order{};
  if (type == Type::string || width(type, 0) == 1) {
    if (look_up(orders16, text, order)) return order;
    return Wrong{type == Type::string ? "is no order of a string: must be AB or BA"
                                      : "is no order of 16 bits: must be AB or BA"};
  }
  if (look_up(orders32, text, order)) return order;
  if (width(type, 0) == 2) return Wrong{"is no order of 32 bits: must be ABCD, CDAB, BADC or DCBA"};
  if (look_up(orders64, text, order)) return order;
  return Wrong{
      "is no order of 64 bits: must be ABCDEFGH, GHEFCDAB, BADCFEHG, HGFEDCBA, EFGHABCD, FEHGBADC, CDABGHEF or "
      "DCBAHGFE"};
}

int width(Type type, std::uint16_t size) {
  switch (type) {
    case Type::boolean:
    case Type::bit:
    case Type::int16:
    case Type::uint16:
    case Type::float16:
    case Type::bcd16:
      return 1;
    case Type::bit32:
    case Type::int32:
    case Type::uint32:
    case Type::float32:
    case Type::bcd32:
      return 2;
    case Type::int64:
    case Type::uint64:
    case Type::float64:
      return 4;
    case Type::string:
      return (size + 1) / 2;
  }
  return 1;
}

int width(const Point& point) {
  return width(point.type, point.size);
}

bool is_float(Type type) {
  return type == Type::float16 || type == Type::float32 || type == Type::float64;
}

bool is_integer(Type type) {
  return type >= Type::int16 && type <= Type::uint64;
}

bool is_bcd(Type type) {
  return type == Type::bcd16 || type == Type::bcd32;
}

}  // namespace fieldpost::config
