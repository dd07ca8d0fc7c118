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
};

/// CLOCK_REALTIME and CLOCK_BOOTTIME.
class SystemClock final : public Clock {
 public:
  Stamp now() const override;
};

}  // namespace fieldpost
