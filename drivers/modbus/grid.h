// The places in time at which a device is polled. Every place is start + phase + n periods, computed from the one
// before it, never from the time of the poll: the grid does not drift.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace fieldpost::drivers::modbus {

class Grid {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::microseconds;

  /// The first poll is due at the start, whatever the phase (from 0, below the period).
  Grid(Time start, Duration period, Duration phase);

  Time due() const { return due_; }

  /// The poll that was due has ended. Goes on to the next place, over those whose whole period has gone by; how many
  /// that were.
  std::uint64_t advance(Time now);

  /// The due poll was not to be made: it is the last one up to `now`.
  void catch_up(Time now);

 private:
  Duration period_;
  Time due_;
  Time next_;
};

/// Spreads the devices of a link evenly over their period, and links by their names: the same at every start.
Grid::Duration phase(std::string_view link, std::size_t device, std::size_t devices, Grid::Duration period);

}  // namespace fieldpost::drivers::modbus
