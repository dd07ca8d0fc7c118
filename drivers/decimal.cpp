#include "drivers/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

namespace fieldpost::drivers {
namespace {

__extension__ using Wide = __int128;

// The powers of ten that a double holds exactly.
constexpr std::array<double, 23> powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

std::string digits_of(Wide number) {
  const bool negative = number < 0;
  std::string reversed;
  do {
    const int digit = static_cast<int>(number % 10);
    reversed.push_back(static_cast<char>('0' + (negative ? -digit : digit)));
    number /= 10;
  } while (number != 0);
  if (negative) reversed.push_back('-');
  return {reversed.rbegin(), reversed.rend()};
}

double nearest(Wide digits, int exponent) {
  // Both operands are exact here, so the one operation rounds correctly.
  constexpr Wide exact = Wide{1} << std::numeric_limits<double>::digits;
  constexpr int largest = static_cast<int>(powers.size()) - 1;
  if (digits >= -exact && digits <= exact && exponent >= -largest && exponent <= largest) {
    const double number = static_cast<double>(digits);
    return exponent < 0 ? number / powers[static_cast<std::size_t>(-exponent)]
                        : number * powers[static_cast<std::size_t>(exponent)];
  }
  const std::string text = digits_of(digits) + "e" + std::to_string(exponent);
  double result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error == std::errc::result_out_of_range) {
    if (exponent < 0) return 0;
    return digits < 0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
  return result;
}

/// digits x 10^places; nothing where 128 bits do not hold it.
std::optional<Wide> shifted(Wide digits, int places) {
  if (digits == 0) return 0;
  for (; places > 0; --places) {
    if (__builtin_mul_overflow(digits, Wide{10}, &digits)) return std::nullopt;
  }
  return digits;
}

/// product x 10^scale.exponent + offset.
double sum(Wide product, const config::Decimal& scale, const config::Decimal& offset) {
  if (offset.digits == 0) return nearest(product, scale.exponent);
  if (product == 0) return nearest(offset.digits, offset.exponent);
  const int exponent = std::min(scale.exponent, offset.exponent);
  const std::optional<Wide> a = shifted(product, scale.exponent - exponent);
  const std::optional<Wide> b = shifted(offset.digits, offset.exponent - exponent);
  Wide total = 0;
  if (a && b && !__builtin_add_overflow(*a, *b, &total)) return nearest(total, exponent);
  return nearest(product, scale.exponent) + nearest(offset.digits, offset.exponent);
}

}  // namespace

double to_double(const config::Decimal& decimal) {
  return nearest(decimal.digits, decimal.exponent);
}

double scaled(std::int64_t raw, const config::Decimal& scale, const config::Decimal& offset) {
  return sum(Wide{raw} * scale.digits, scale, offset);
}

double scaled_unsigned(std::uint64_t raw, const config::Decimal& scale, const config::Decimal& offset) {
  return sum(Wide{raw} * scale.digits, scale, offset);
}

}  // namespace fieldpost::drivers
