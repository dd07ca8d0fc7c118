// Registers to values.
#pragma once

#include <cstdint>
#include <span>

#include "buffer/reading.h"
#include "config/device_map.h"

namespace fieldpost::drivers::modbus {

/// `raw` holds config::width(point.type) registers as the device sent them, or one 0 or 1 of a coil or discrete table.
/// Integers stay integers and a float a float while scale is 1 and offset 0; else the result is the double that is
/// nearest to raw x scale + offset as a decimal number.
Value decode(const config::Point& point, std::span<const std::uint16_t> raw);

}  // namespace fieldpost::drivers::modbus
