// A device of a running link: its groups of points, their places in time, its health.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "buffer/clock.h"
#include "buffer/histogram.h"
#include "buffer/queue.h"
#include "buffer/reading.h"
#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/modbus/announcer.h"
#include "drivers/modbus/grid.h"
#include "drivers/modbus/line.h"
#include "drivers/modbus/point_group.h"
#include "drivers/modbus/silent_unit.h"
#include "drivers/modbus/sunspec.h"

namespace fieldpost::drivers::modbus {

/// What a poll did.
struct Polled {
  std::size_t readings = 0;    // that were appended
  std::uint64_t overruns = 0;  // whole periods skipped
  bool closing = false;        // the queue takes no more
};

/// The link's thread; health() and what changes it under the source's lock.
class PolledDevice {
 public:
  /// `config` outlives it. `alone`: it is the only device of its link, so that its silence costs no other one.
  PolledDevice(const config::ModbusDevice& config, const std::string& link, const std::string& agent, bool alone);
  /// Its first polls are due at `start`.
  void begin(Grid::Time start, Grid::Duration phase);

  const config::ModbusDevice& config() const { return config_; }

  /// The group that is to be polled next, and when; without a group the device is to be asked what it has.
  struct Due {
    PointGroup* group = nullptr;
    Grid::Time at;
  };
  Due next(Grid::Time now);

  /// Of a SunSpec device, after it was asked from `began` on: its points, or why there are none.
  void discovered(const sunspec::Discovery& found, Grid::Time began, Grid::Time now);

  /// After a read that began at `began`: appends, and goes on to the next place on the grid.
  Polled hand_on(PointGroup& group, Queue& queue, const Stamp& stamp, Grid::Time began, Grid::Time now);
  /// Counts what hand_on() did.
  void account(const PointGroup& group, const Polled& polled, Grid::Time due, Grid::Time began, std::int64_t wall);

  /// Not under the lock: what changed, as readings of the agent's own.
  void announce(Queue& queue, const Stamp& stamp, Grid::Time now, std::uint64_t overruns);

  DeviceHealth health() const;
  State state() const { return health_.state; }
  /// The reason of the last failure; empty while up.
  const std::string& error() const { return health_.error; }

 private:
  void judge(const Pass& pass);

  const config::ModbusDevice& config_;
  const std::string link_;
  const bool alone_;
  std::vector<PointGroup> groups_;
  std::shared_ptr<const config::DeviceMap> has_;  // what a SunSpec device has said to have
  std::vector<Guard> guards_;                     // and where it is
  bool asks_ = false;      // a SunSpec device is to be asked what it has, as it may be another one by now
  Grid::Time asks_after_;  // not before
  bool away_ = false;      // it cannot be asked: its points are polled until it speaks
  SilentUnit silence_;
  Announcer announcer_;
  DeviceHealth health_;
  Histogram lateness_;
  Grid::Time aged_;
};

/// Which of two goes first: the alarm lane's where both are due at `now`, else the earlier.
bool before(const PolledDevice::Due& a, const PolledDevice::Due& b, Grid::Time now);

}  // namespace fieldpost::drivers::modbus
