// Serial lines: opening one for this program alone, as the link describes it.
#pragma once

#include <string>

#include "config/config.h"
#include "drivers/net/port.h"

namespace fieldpost::drivers::modbus {

struct OpenedLine {
  Descriptor line;    // non-blocking, raw, 8 bits; closed where there is an error
  std::string error;  // in words, with the remedy
};

/// What the driver of the line did not take is an error: a line that runs without its parity reads noise.
OpenedLine open_serial(const config::ModbusLink& link);

/// Lets other programs open the line again, also while somebody holds it open.
void release_serial(int line);

}  // namespace fieldpost::drivers::modbus
