// One poll of a device, now: what `fieldpost read` shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "buffer/clock.h"
#include "buffer/reading.h"
#include "config/config.h"

namespace fieldpost::drivers {

struct PointReading {
  std::string point;
  Value value;
  std::string unit;
  std::string reg;                 // "holding:100"
  std::vector<std::uint16_t> raw;  // as the device sent them, bits as 0 and 1; empty where there was no answer
};

struct DeviceReading {
  std::string device;
  std::int64_t time = 0;  // wall, microseconds: when the last answer arrived
  double duration = 0;    // seconds from the first request to the last answer
  std::vector<PointReading> points;
  std::string error;                 // why the device could not be asked, in words
  std::vector<std::string> notes{};  // of a SunSpec device, what is left out, in words
};

/// What is to be read: points of a device, or registers of anything on a link.
struct ReadOrder {
  std::string device{};                        // or, with `unit`, the link
  std::vector<std::string> points{};           // in this order; none: all of the map's
  std::optional<int> unit{};                   // of the link, whether it is configured or not; needs `raw`
  std::optional<config::RegisterRange> raw{};  // instead of points: each register as a uint16, each bit as a bool
};

namespace modbus {

class Line;

/// Over the link's line.
DeviceReading take(Line& line, const config::ModbusLink& link, const ReadOrder& order, const Clock& clock);

/// Over a connection of its own, for when no agent runs.
DeviceReading read_once(const config::ModbusLink& link, const ReadOrder& order, const Clock& clock);

}  // namespace modbus
}  // namespace fieldpost::drivers
