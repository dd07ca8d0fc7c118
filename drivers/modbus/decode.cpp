#include "drivers/modbus/decode.h"

#include <bit>

#include "drivers/modbus/decimal.h"

namespace fieldpost::drivers::modbus {
namespace {

using config::ByteOrder;
using config::Type;

std::uint16_t ordered16(std::uint16_t raw, ByteOrder order) {
  const bool swap = order == ByteOrder::BADC || order == ByteOrder::DCBA;
  return swap ? static_cast<std::uint16_t>(raw << 8 | raw >> 8) : raw;
}

std::uint32_t ordered32(std::span<const std::uint16_t> raw, ByteOrder order) {
  const std::uint32_t first = ordered16(raw[0], order);
  const std::uint32_t second = ordered16(raw[1], order);
  const bool low_first = order == ByteOrder::CDAB || order == ByteOrder::DCBA;
  return low_first ? second << 16 | first : first << 16 | second;
}

bool unscaled(const config::Point& point) {
  return point.scale == config::Decimal{1, 0} && point.offset.digits == 0;
}

Value signed_value(const config::Point& point, std::int64_t raw) {
  if (unscaled(point)) return raw;
  return number(scaled(raw, point.scale, point.offset));
}

Value unsigned_value(const config::Point& point, std::uint32_t raw) {
  if (unscaled(point)) return std::uint64_t{raw};
  return number(scaled(raw, point.scale, point.offset));
}

Value float_value(const config::Point& point, float raw) {
  if (unscaled(point)) return number(raw);
  return number(static_cast<double>(raw) * to_double(point.scale) + to_double(point.offset));
}

}  // namespace

Value decode(const config::Point& point, std::span<const std::uint16_t> raw) {
  switch (point.type) {
    case Type::boolean:
      return raw[0] != 0;
    case Type::int16:
      return signed_value(point, static_cast<std::int16_t>(ordered16(raw[0], point.order)));
    case Type::uint16:
      return unsigned_value(point, ordered16(raw[0], point.order));
    case Type::int32:
      return signed_value(point, static_cast<std::int32_t>(ordered32(raw, point.order)));
    case Type::uint32:
      return unsigned_value(point, ordered32(raw, point.order));
    case Type::float32:
      return float_value(point, std::bit_cast<float>(ordered32(raw, point.order)));
  }
  return Bad{"wrong answer"};
}

}  // namespace fieldpost::drivers::modbus
