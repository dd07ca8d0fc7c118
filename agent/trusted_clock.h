// The clocks of a site that keeps its time by itself (agent.clock = "trusted"): the kernel calls no clock synchronised
// that is not set by NTP.
#pragma once

#include "buffer/clock.h"

namespace fieldpost {

class TrustedClock final : public Clock {
 public:
  Stamp now() const override {
    Stamp stamp = clock_.now();
    stamp.synchronised = true;
    return stamp;
  }
  std::uint64_t boot() const override { return clock_.boot(); }

 private:
  SystemClock clock_;
};

}  // namespace fieldpost
