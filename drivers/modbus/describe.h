// What `fieldpost check --plan` prints.
#pragma once

#include <string>

#include "config/config.h"

namespace fieldpost::drivers::modbus {

/// The link's devices, their requests, and on a serial line the time that they take up, with a warning where the cycles
/// do not fit their periods. Lines, each ended.
std::string describe(const config::ModbusLink& link);

}  // namespace fieldpost::drivers::modbus
