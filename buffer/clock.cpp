#include "buffer/clock.h"

#include <sys/timex.h>

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

SystemClock::SystemClock(bool trusted) : trusted_(trusted), boot_(read_boot_id()) {}

bool SystemClock::synchronised(std::int64_t boot) const {
  constexpr std::int64_t kAskEvery = 100'000;
  if (trusted_) return true;
  const std::int64_t asked_at = asked_at_.load(std::memory_order_relaxed);
  if (asked_at == 0 || boot - asked_at >= kAskEvery) {
    timex state{};
    const int answer = adjtimex(&state);
    synchronised_.store(answer >= 0 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0,
                        std::memory_order_relaxed);
    asked_at_.store(boot, std::memory_order_relaxed);
  }
  return synchronised_.load(std::memory_order_relaxed);
}

ReadingTime time_of(const Stamp& stamp, std::uint64_t boot, const Stamp& now, std::uint64_t now_boot) {
  if (stamp.synchronised) return {stamp.wall, ClockMark::none};
  if (!now.synchronised || boot != now_boot || boot == 0) return {stamp.wall, ClockMark::unsynchronised};
  return {now.wall - (now.boot - stamp.boot), ClockMark::corrected};
}

Stamp SystemClock::now() const {
  const std::int64_t boot = microseconds(CLOCK_BOOTTIME);
  // Asked before the wall clock is read: else one that is set in between would vouch for the time before.
  const bool set = synchronised(boot);
  return {microseconds(CLOCK_REALTIME), boot, set};
}

}  // namespace fieldpost
