// The two clocks, injected so that a test can turn them.
#pragma once

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
  SystemClock();
  Stamp now() const override;
  std::uint64_t boot() const override { return boot_; }

 private:
  std::uint64_t boot_;
};

}  // namespace fieldpost
