// The points of a device that are read together: one period, one lane.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "buffer/queue.h"
#include "buffer/reading.h"
#include "config/config.h"
#include "drivers/modbus/deadband.h"
#include "drivers/modbus/grid.h"
#include "drivers/modbus/line.h"
#include "drivers/modbus/plan.h"
#include "drivers/modbus/reader.h"

namespace fieldpost::drivers::modbus {

/// The link's thread. Moves keep it valid.
class PointGroup {
 public:
  PointGroup(const config::ModbusDevice& device, const std::string& link, const SharedPoints& points,
             const std::vector<Guard>& guards);

  bool alarm() const { return alarm_; }
  Grid::Duration every() const { return every_; }
  Grid& grid() { return grid_; }
  const Grid& grid() const { return grid_; }

  /// Asks the device. last() is what became of it.
  const Pass& read(Line& line, int unit);
  const Pass& last() const { return last_; }

  /// Hands the values of the last pass on, but for those inside their deadband: the points without one in one append,
  /// the others one by one. How many; nothing: the queue is closing.
  std::optional<std::size_t> append(Queue& queue, const Stamp& stamp, Grid::Time now);
  /// All points as bad, without asking.
  std::optional<std::size_t> append_bad(Queue& queue, const Stamp& stamp, Grid::Time now, const std::string& reason);

 private:
  std::optional<std::size_t> append(Queue& queue, const Stamp& stamp, Grid::Time now, std::span<const Value> values);

  const bool alarm_;
  const Grid::Duration every_;
  const SharedPoints points_;    // those without a deadband in front
  std::size_t plain_ = 0;        // how many those are
  std::vector<Layout> layouts_;  // of the plain ones, if there are any, then of each other
  std::vector<Deadband> deadbands_;
  Reader reader_;
  Grid grid_;
  Pass last_;
};

/// Of poll_groups().
std::vector<PointGroup> group_points(const config::ModbusDevice& device, const std::string& link,
                                     const std::vector<Guard>& guards = {});

}  // namespace fieldpost::drivers::modbus
