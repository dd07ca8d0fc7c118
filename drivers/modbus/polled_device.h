// A device of a running link: its place in time, its values, its health.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "buffer/histogram.h"
#include "buffer/reading.h"
#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/modbus/grid.h"
#include "drivers/modbus/line.h"
#include "drivers/modbus/plan.h"
#include "drivers/modbus/reader.h"

namespace fieldpost::drivers::modbus {

/// The link's thread; begin() and account() under the source's lock, as is any other thread's health().
class PolledDevice {
 public:
  /// `config` outlives it.
  PolledDevice(const config::ModbusDevice& config, const std::string& link);
  /// Its first poll is due at `start`.
  void begin(Grid::Time start, Grid::Duration phase);

  const config::ModbusDevice& config() const { return config_; }
  const Layout& layout() const { return layout_; }
  Grid::Time due() const { return grid_.due(); }

  Pass poll(Line& line);
  /// The last poll's, one for each point of the layout.
  std::span<const Value> values() const { return reader_.values(); }

  /// After a poll that began at `began` and whose readings have been taken at `wall`: counts, and goes on to the next
  /// place on the grid.
  void account(const Pass& pass, Grid::Time began, Grid::Time now, std::int64_t wall);
  DeviceHealth health() const;
  State state() const { return health_.state; }
  /// The reason of the last failure; empty while up.
  const std::string& error() const { return health_.error; }

 private:
  void judge(const Pass& pass);

  const config::ModbusDevice& config_;
  const Layout layout_;
  Reader reader_;
  Grid grid_;
  DeviceHealth health_;
  Histogram lateness_;
  Grid::Time aged_;
};

}  // namespace fieldpost::drivers::modbus
