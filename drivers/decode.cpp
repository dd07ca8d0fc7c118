#include "drivers/decode.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "config/half.h"
#include "config/utf8.h"
#include "drivers/decimal.h"

namespace fieldpost::drivers {
namespace {

using config::ByteOrder;
using config::Decimal;
using config::Point;
using config::Type;

struct Turns {
  bool bytes;      // in each register
  bool registers;  // all of them
  bool halves;     // of four registers
};

Turns turns(ByteOrder order) {
  const auto bits = static_cast<unsigned>(order);
  return {(bits & 1U) != 0, (bits & 2U) != 0, (bits & 4U) != 0};
}

std::uint16_t swapped(std::uint16_t word) {
  return static_cast<std::uint16_t>(word << 8 | word >> 8);
}

/// raw x scale x 10^power + offset.
struct Scaling {
  Scaling(const Point& point, int power)
      : scale{point.scale.digits, point.scale.exponent + power}, offset(point.offset) {}
  bool none() const { return scale == Decimal{1, 0} && offset.digits == 0; }

  Decimal scale;
  Decimal offset;
};

Value signed_value(const Point& point, std::int64_t raw, const Scaling& scaling) {
  if (!point.names.empty()) return named(point, raw);
  if (scaling.none()) return raw;
  return converted(raw, scaling.scale, scaling.offset);
}

Value unsigned_value(const Point& point, std::uint64_t raw, const Scaling& scaling) {
  if (!point.names.empty() && raw <= INT64_MAX) return named(point, static_cast<std::int64_t>(raw));
  if (scaling.none()) return raw;
  return converted_unsigned(raw, scaling.scale, scaling.offset);
}

template <typename Float>
Value float_value(Float raw, const Scaling& scaling) {
  if (!std::isfinite(raw)) return Bad{"not a number"};
  if (scaling.none()) return raw;
  return finite(static_cast<double>(raw) * to_double(scaling.scale) + to_double(scaling.offset));
}

Value yes_no(const Point& point, bool raw) {
  if (!point.names.empty()) return named(point, raw ? 1 : 0);
  return raw;
}

Value bcd_value(const Point& point, std::uint64_t bits, int digits, const Scaling& scaling) {
  std::uint64_t number = 0;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    const std::uint64_t digit = bits >> static_cast<unsigned>(shift) & 0xfU;
    if (digit > 9) return Bad{"out of range"};
    number = number * 10 + digit;
  }
  return unsigned_value(point, number, scaling);
}

/// Without the NULs and spaces at its end; what follows a NUL inside is not part of it.
Value text_value(const Point& point, std::span<const std::uint16_t> raw) {
  std::string text;
  text.reserve(2 * raw.size());
  const bool turned = turns(point.order).bytes;
  for (const std::uint16_t word : raw) {
    const std::uint16_t ordered = turned ? swapped(word) : word;
    text.push_back(static_cast<char>(ordered >> 8));
    text.push_back(static_cast<char>(ordered & 0xff));
  }
  text.resize(std::min<std::size_t>(text.size(), point.size));
  text.resize(std::min(text.find('\0'), text.size()));
  const std::size_t last = text.find_last_not_of(' ');
  text.resize(last == std::string::npos ? 0 : last + 1);
  if (text.empty() && !point.invalid.empty()) return Bad{"not implemented"};
  if (!config::valid_utf8(text)) return Bad{"not UTF-8"};
  return text;
}

template <typename Signed>
Value integer(const Point& point, std::uint64_t bits, const Scaling& scaling) {
  return signed_value(point, static_cast<Signed>(bits), scaling);
}

__extension__ using Wide = __int128;

/// raw + offset. Nothing: the scale is not 1, the offset not whole, or 64 bits do not hold it.
std::optional<Value> whole_sum(Wide raw, const Decimal& scale, const Decimal& offset) {
  constexpr int largest_power = 18;  // of an offset
  if (scale != Decimal{1, 0} || offset.exponent < 0 || offset.exponent > largest_power) return std::nullopt;
  Wide sum = offset.digits;
  for (int i = 0; i < offset.exponent; ++i)
    sum *= 10;
  sum += raw;
  if (sum >= INT64_MIN && sum <= INT64_MAX) return static_cast<std::int64_t>(sum);
  if (sum > INT64_MAX && sum <= UINT64_MAX) return static_cast<std::uint64_t>(sum);
  return std::nullopt;
}

}  // namespace

Value converted(std::int64_t raw, const Decimal& scale, const Decimal& offset) {
  const auto sum = whole_sum(raw, scale, offset);
  return sum ? *sum : finite(scaled(raw, scale, offset));
}

Value converted_unsigned(std::uint64_t raw, const Decimal& scale, const Decimal& offset) {
  const auto sum = whole_sum(raw, scale, offset);
  return sum ? *sum : finite(scaled_unsigned(raw, scale, offset));
}

Value finite(double value) {
  return std::isfinite(value) ? Value{value} : Value{Bad{"out of range"}};
}

Value named(const Point& point, std::int64_t code) {
  const auto found =
      std::find_if(point.names.begin(), point.names.end(), [&](const auto& n) { return n.code == code; });
  return Named{code, found != point.names.end() ? found->name : std::to_string(code)};
}

std::uint64_t ordered_bits(std::span<const std::uint16_t> raw, ByteOrder order) {
  const Turns turn = turns(order);
  const std::size_t last = raw.size() - 1;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i <= last; ++i) {
    std::size_t at = turn.registers ? last - i : i;
    if (turn.halves && raw.size() == 4) at ^= 2U;
    bits = bits << 16U | (turn.bytes ? swapped(raw[at]) : raw[at]);
  }
  return bits;
}

Value decode(const Point& point, std::span<const std::uint16_t> raw, int power) {
  if (point.type == Type::string) return text_value(point, raw);
  if (point.type == Type::boolean) return yes_no(point, raw[0] != 0);
  const std::uint64_t bits = ordered_bits(raw, point.order);
  if (std::find(point.invalid.begin(), point.invalid.end(), bits) != point.invalid.end()) {
    return Bad{"not implemented"};
  }
  const Scaling scaling(point, power);
  constexpr int digits16 = 4;
  constexpr int digits32 = 8;
  switch (point.type) {
    case Type::boolean:
    case Type::string:
      break;
    case Type::bit:
    case Type::bit32:
      return yes_no(point, (bits >> point.size & 1U) != 0);
    case Type::int16:
      return integer<std::int16_t>(point, bits, scaling);
    case Type::int32:
      return integer<std::int32_t>(point, bits, scaling);
    case Type::int64:
      return integer<std::int64_t>(point, bits, scaling);
    case Type::uint16:
    case Type::uint32:
    case Type::uint64:
      return unsigned_value(point, bits, scaling);
    case Type::float16:
      return float_value(config::half_value(static_cast<std::uint16_t>(bits)), scaling);
    case Type::float32:
      return float_value(std::bit_cast<float>(static_cast<std::uint32_t>(bits)), scaling);
    case Type::float64:
      return float_value(std::bit_cast<double>(bits), scaling);
    case Type::bcd16:
      return bcd_value(point, bits, digits16, scaling);
    case Type::bcd32:
      return bcd_value(point, bits, digits32, scaling);
  }
  return Bad{"wrong answer"};
}

std::optional<int> scale_power(std::uint16_t raw, Bad& why) {
  constexpr std::uint16_t not_implemented = 0x8000;
  constexpr int furthest = 10;
  const int power = static_cast<std::int16_t>(raw);
  if (raw != not_implemented && std::abs(power) <= furthest) return power;
  why = Bad{raw == not_implemented ? "not implemented" : "out of range"};
  return std::nullopt;
}

}  // namespace fieldpost::drivers
