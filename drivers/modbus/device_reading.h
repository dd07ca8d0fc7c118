// One poll of a device, now: what `fieldpost read` shows.
#pragma once

#include <chrono>
#include <cstdint>
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

namespace modbus {

class Line;

/// The named points in the order of the names, all of the map's where there are none. `device` is one of the line's.
DeviceReading take(Line& line, const config::ModbusDevice& device, const std::vector<std::string>& names,
                   const Clock& clock);

/// The device of that name; null, and `error` says which there are.
const config::ModbusDevice* find_device(const config::ModbusLink& link, const std::string& name, std::string& error);

/// Over a connection of its own, for when no agent runs.
DeviceReading read_once(const config::ModbusLink& link, const std::string& device,
                        const std::vector<std::string>& points, const Clock& clock);

}  // namespace modbus
}  // namespace fieldpost::drivers
