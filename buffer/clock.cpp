#include "buffer/clock.h"

#include <ctime>
#include <fstream>
#include <string>

namespace fieldpost {
namespace {

std::int64_t microseconds(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
}

// The first 64 of the 122 random bits of the kernel's boot id.
std::uint64_t read_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::uint64_t id = 0;
  int digits = 0;
  for (char c = 0; digits < 16 && file.get(c);) {
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && (c < 'a' || c > 'f')) continue;
    id = id << 4 | static_cast<std::uint64_t>(decimal ? c - '0' : c - 'a' + 10);
    ++digits;
  }
  return id;
}

}  // namespace

SystemClock::SystemClock() : boot_(read_boot_id()) {}

Stamp SystemClock::now() const {
  return {microseconds(CLOCK_REALTIME), microseconds(CLOCK_BOOTTIME)};
}

}  // namespace fieldpost
