// What `read` prints: the JSON object that the agent answers with, and its rendering for a person.
#pragma once

#include <string>

#include "drivers/modbus/device_reading.h"

namespace fieldpost {

/// One line of JSON (design, section 4), with "error" beside it where the device could not be asked.
std::string to_json(const drivers::DeviceReading& reading);

struct DeviceReadingText {
  std::string text;   // a table, each line with its end
  std::string error;  // why the device could not be asked; empty: it was
  bool good = false;  // every point is
};

/// Throws std::runtime_error where the text is no such object.
/// `raw`: the points are registers, which are shown as every type.
DeviceReadingText render_device_reading(const std::string& json, bool raw = false);

}  // namespace fieldpost
