#include "buffer/clock.h"

#include <ctime>

namespace fieldpost {
namespace {

std::int64_t microseconds(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

Stamp SystemClock::now() const {
  return {microseconds(CLOCK_REALTIME), microseconds(CLOCK_BOOTTIME)};
}

}  // namespace fieldpost
