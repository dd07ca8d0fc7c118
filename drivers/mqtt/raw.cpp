#include "drivers/mqtt/raw.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "config/point_type.h"
#include "drivers/decode.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t longest = 250;  // bytes, of a string

std::size_t length(const config::Point& point) {
  if (point.type == config::Type::boolean) return 1;
  if (point.type == config::Type::string) return point.size;
  return 2 * static_cast<std::size_t>(config::width(point));
}

std::uint16_t byte(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : std::uint16_t{0};
}

}  // namespace

Value read_raw(const config::MqttValue& value, std::string_view payload) {
  const std::size_t wanted = length(value.point);
  const bool only = value.point.name.empty();
  if (only && payload.size() != wanted) {
    return Bad{std::to_string(payload.size()) + " bytes instead of " + std::to_string(wanted)};
  }
  if (value.at + wanted > payload.size()) {
    return Bad{std::to_string(payload.size()) + " bytes, which end before byte " + std::to_string(value.at + wanted)};
  }
  const std::string_view bytes = payload.substr(value.at, wanted);
  if (value.point.type == config::Type::boolean && byte(bytes, 0) > 1) return Bad{"out of range"};

  std::array<std::uint16_t, longest / 2> words{};
  const std::size_t count = value.point.type == config::Type::boolean ? 1 : (wanted + 1) / 2;
  for (std::size_t i = 0; i < count; ++i) {
    words.at(i) = static_cast<std::uint16_t>(byte(bytes, 2 * i) << 8U | byte(bytes, 2 * i + 1));
  }
  if (value.point.type == config::Type::boolean) words[0] = byte(bytes, 0);
  return decode(value.point, std::span(words).first(count));
}

}  // namespace fieldpost::drivers::mqtt
