#include "config/half.h"

#include <cmath>
#include <limits>

namespace fieldpost::config {
namespace {

constexpr int fraction_bits = 10;
constexpr int smallest_exponent = -14;  // of a normal number
constexpr std::uint16_t exponent_mask = 0x1f;
constexpr std::uint16_t infinity = 0x7c00;
constexpr std::uint16_t fraction_mask = 0x3ff;
constexpr std::uint16_t sign_bit = 0x8000;

}  // namespace

float half_value(std::uint16_t bits) {
  const int exponent = bits >> fraction_bits & exponent_mask;
  const int fraction = bits & fraction_mask;
  const float sign = (bits & sign_bit) != 0 ? -1.0F : 1.0F;
  if (exponent == exponent_mask) {
    return fraction == 0 ? sign * std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), smallest_exponent - fraction_bits);
  const int shift = exponent - 1 + smallest_exponent - fraction_bits;
  return sign * std::ldexp(static_cast<float>(fraction + (1 << fraction_bits)), shift);
}

std::uint16_t half_bits(float value) {
  const std::uint16_t sign = std::signbit(value) ? sign_bit : 0;
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | infinity | 1U << (fraction_bits - 1));
  const float magnitude = std::abs(value);
  constexpr float rounds_to_infinity = 65'520;
  if (magnitude >= rounds_to_infinity) return sign | infinity;
  int exponent = smallest_exponent;
  if (magnitude >= std::ldexp(1.0F, smallest_exponent)) exponent = std::ilogb(magnitude);
  // Of 2^(exponent - 10) each: up to 2^11, which carries into the exponent's field as it should.
  const auto units = static_cast<unsigned>(std::nearbyint(std::ldexp(magnitude, fraction_bits - exponent)));
  const auto field = static_cast<unsigned>(exponent - smallest_exponent);
  return static_cast<std::uint16_t>(sign | ((field << fraction_bits) + units));
}

}  // namespace fieldpost::config
