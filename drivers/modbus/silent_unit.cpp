#include "drivers/modbus/silent_unit.h"

#include <algorithm>

namespace fieldpost::drivers::modbus {

void SilentUnit::silent(Time now, Duration every, Duration took) {
  constexpr Duration furthest = std::chrono::seconds{30};
  constexpr int share = 20;
  constexpr unsigned most_doublings = 20;
  const Duration first = std::max(every, took);
  const Duration longest = std::max(first, std::min(share * took, furthest));
  not_before_ = now + std::min(first * (1U << std::min(times_, most_doublings)), longest);
  ++times_;
}

}  // namespace fieldpost::drivers::modbus
