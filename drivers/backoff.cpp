#include "drivers/backoff.h"

#include <algorithm>
#include <cstdint>

namespace fieldpost::drivers {

std::chrono::milliseconds backoff(unsigned attempt, double jitter01) {
  constexpr std::int64_t first = 100;
  constexpr std::int64_t longest = 10'000;
  constexpr unsigned doublings = 7;  // 100 ms x 2^7 is past the longest
  const std::int64_t base = std::min(first << std::min(attempt, doublings), longest);
  const double spread = std::clamp(jitter01, 0.0, 1.0) * static_cast<double>(base) / 2;
  return std::chrono::milliseconds{base / 2 + static_cast<std::int64_t>(spread)};
}

}  // namespace fieldpost::drivers
