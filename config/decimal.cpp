#include "config/decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace fieldpost::config {

std::optional<Decimal> decimal(double number) {
  if (!std::isfinite(number)) return std::nullopt;
  std::array<char, 32> buffer{};
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));

  const std::size_t e = text.find('e');
  Decimal result;
  bool fraction = false;
  for (const char c : text.substr(0, e)) {
    if (c == '.') fraction = true;
    if (c < '0' || c > '9') continue;
    result.digits = result.digits * 10 + (c - '0');
    if (fraction) --result.exponent;
  }
  int exponent = 0;
  const std::string_view power = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  result.exponent += exponent;
  while (result.exponent > 0 && result.digits <= std::numeric_limits<std::int64_t>::max() / 10) {
    result.digits *= 10;
    --result.exponent;
  }
  if (result.digits == 0) result.exponent = 0;
  if (text.front() == '-') result.digits = -result.digits;
  return result;
}

bool usable(const Decimal& number) {
  const double magnitude = std::abs(static_cast<double>(number.digits)) * std::pow(10.0, number.exponent);
  return magnitude >= 1e-18 && magnitude <= 1e18;
}

}  // namespace fieldpost::config
