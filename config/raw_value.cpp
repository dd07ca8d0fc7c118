#include "config/raw_value.h"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "config/half.h"
#include "config/point_type.h"

namespace fieldpost::config {
namespace {

std::uint64_t mask(Type type) {
  const int bits = 16 * width(type, 0);
  return bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << static_cast<unsigned>(bits)) - 1;
}

std::uint64_t bcd(std::uint64_t number) {
  std::uint64_t digits = 0;
  for (unsigned shift = 0; number > 0; shift += 4, number /= 10)
    digits |= number % 10 << shift;
  return digits;
}

std::uint64_t float_bits(double number, Type type) {
  if (type == Type::float64) return std::bit_cast<std::uint64_t>(number);
  if (type == Type::float32) return std::bit_cast<std::uint32_t>(static_cast<float>(number));
  return half_bits(static_cast<float>(number));
}

/// The bits stand for the number, perhaps rounded as the type is.
bool fits(double number, Type type) {
  constexpr double largest_half = 65'504;
  if (type == Type::float16) return std::abs(number) <= largest_half;
  return type == Type::float64 || std::abs(number) <= std::numeric_limits<float>::max();
}

}  // namespace

bool inside(const Range& range, std::int64_t number) {
  return number >= range.low && (number < 0 || static_cast<std::uint64_t>(number) <= range.high);
}

Range range(Type type) {
  constexpr std::uint64_t digits4 = 9'999;
  constexpr std::uint64_t digits8 = 99'999'999;
  switch (type) {
    case Type::boolean:
    case Type::bit:
      return {0, 1};
    case Type::int16:
      return {std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()};
    case Type::uint16:
      return {0, std::numeric_limits<std::uint16_t>::max()};
    case Type::int32:
      return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    case Type::uint32:
      return {0, std::numeric_limits<std::uint32_t>::max()};
    case Type::int64:
      return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    case Type::bcd16:
      return {0, digits4};
    case Type::bcd32:
      return {0, digits8};
    case Type::uint64:
      return {0, std::numeric_limits<std::uint64_t>::max()};
    default:
      return any_integer;
  }
}

Parsed<std::uint64_t> parse_raw_value(const Node& node, Type type) {
  if (const auto* text = std::get_if<std::string>(&node.value)) {
    const std::string_view digits{*text};
    const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
    const auto bits = hex ? parse_number(digits.substr(2), mask(type), 16) : std::nullopt;
    if (bits) return *bits;
    return Wrong{"is no raw value: write a number, or the registers' bits, as in \"0x8000\", at most " +
                 std::to_string(4 * width(type, 0)) + " digits"};
  }
  const auto* integer = std::get_if<std::int64_t>(&node.value);
  const auto* number = std::get_if<double>(&node.value);
  if (is_float(type)) {
    const double value = integer != nullptr ? static_cast<double>(*integer) : number != nullptr ? *number : NAN;
    if (std::isfinite(value) && fits(value, type)) return float_bits(value, type);
    return Wrong{"must be a number that the type can hold, or its bits, as in \"0x7FC00000\""};
  }
  const Range allowed = range(type);
  if (integer == nullptr || !inside(allowed, *integer)) {
    return Wrong{"must be a whole number from " + std::to_string(allowed.low) + " to " + std::to_string(allowed.high) +
                 ", or its bits, as in \"0x8000\""};
  }
  const auto bits = static_cast<std::uint64_t>(*integer);
  return is_bcd(type) ? bcd(bits) : bits & mask(type);
}

}  // namespace fieldpost::config
