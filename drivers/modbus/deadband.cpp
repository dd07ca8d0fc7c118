#include "drivers/modbus/deadband.h"

#include <cmath>
#include <type_traits>
#include <variant>

namespace fieldpost::drivers::modbus {
namespace {

std::optional<double> as_number(const Value& value) {
  return std::visit(
      [](const auto& held) -> std::optional<double> {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_arithmetic_v<Held> && !std::is_same_v<Held, bool>) {
          return static_cast<double>(held);
        } else {
          return std::nullopt;
        }
      },
      value);
}

}  // namespace

bool Deadband::differs(const Value& value) const {
  if (!last_) return true;
  const std::optional<double> number = as_number(value);
  const std::optional<double> last = as_number(*last_);
  if (!number || !last) return value != *last_;
  constexpr double percent = 100;
  const double width = band_.percent ? std::abs(*last) * band_.width / percent : band_.width;
  return std::abs(*number - *last) > width;
}

bool Deadband::passes(const Value& value, Time now) {
  if (!differs(value) && now < passed_ + max_silence_) return false;
  last_ = value;
  passed_ = now;
  return true;
}

}  // namespace fieldpost::drivers::modbus
