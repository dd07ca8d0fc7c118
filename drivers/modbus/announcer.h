// What the agent says of a device: readings of its own, in the alarm lane.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "buffer/queue.h"
#include "buffer/reading.h"
#include "drivers/driver.h"

namespace fieldpost::drivers::modbus {

class Announcer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Announcer(const std::string& agent, const std::string& device);

  /// `state/DEVICE`, where it is not the last one that was said.
  void state(Queue& queue, const Stamp& stamp, State state, const std::string& reason);
  /// `overrun`: the whole periods that were skipped since the last one; at once, then at most once a minute.
  void overrun(Queue& queue, const Stamp& stamp, Time now, std::uint64_t periods);

 private:
  const std::string device_;
  const Layout state_layout_;
  const Layout overrun_layout_;
  State said_ = State::connecting;
  std::uint64_t unsaid_ = 0;  // periods
  Time not_before_;
};

}  // namespace fieldpost::drivers::modbus
