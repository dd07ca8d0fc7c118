// The two clocks, injected so that a test can turn them.
#pragma once

#include <atomic>
#include <cstdint>

#include "buffer/reading.h"

namespace fieldpost {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Any thread.
  virtual Stamp now() const = 0;
  /// Tells one boot of the machine from another, for stamps of different boots do not compare; 0: unknown.
  virtual std::uint64_t boot() const = 0;
};

/// CLOCK_REALTIME and CLOCK_BOOTTIME.
class SystemClock final : public Clock {
 public:
  /// Trusted: the site sets the clock by itself. Else it counts as set once the kernel says so (adjtimex(2)), which is
  /// asked ten times a second at most; where the kernel may not be asked, it does not.
  explicit SystemClock(bool trusted = false);
  Stamp now() const override;
  std::uint64_t boot() const override { return boot_; }

 private:
  bool synchronised(std::int64_t boot) const;

  const bool trusted_;
  const std::uint64_t boot_;
  mutable std::atomic<std::int64_t> asked_at_{0};  // CLOCK_BOOTTIME
  mutable std::atomic<bool> synchronised_{false};
};

/// What a reader of the record has to know of a reading's time.
enum class ClockMark { none, corrected, unsynchronised };

struct ReadingTime {
  std::int64_t wall = 0;  // microseconds
  ClockMark mark = ClockMark::none;
};

/// The time of a reading taken in the boot `boot`: where its clock had not been set, but is by now and the boot is the
/// same, the true time can be told.
ReadingTime time_of(const Stamp& stamp, std::uint64_t boot, const Stamp& now, std::uint64_t now_boot);

}  // namespace fieldpost
