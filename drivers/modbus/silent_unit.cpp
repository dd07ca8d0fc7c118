#include "drivers/modbus/silent_unit.h"

#include <algorithm>

namespace fieldpost::drivers::modbus {

void SilentUnit::silent(Time now, Duration first) {
  constexpr Duration longest = std::chrono::seconds{30};
  constexpr unsigned most_doublings = 20;
  const Duration doubled = first * (1U << std::min(times_, most_doublings));
  not_before_ = now + std::clamp(doubled, first, std::max(first, longest));
  ++times_;
}

}  // namespace fieldpost::drivers::modbus
