// Where `read` has its readings from.
#pragma once

#include <string>

#include "agent/cli/args.h"
#include "config/config.h"
#include "drivers/modbus/device_reading.h"

namespace fieldpost::cli {

/// Through the agent where it runs, as a device may take one connection only, and a serial line has one master; over a
/// connection of its own where it does not. The answer's JSON. Throws std::runtime_error where the agent gives none.
std::string reading_json(const config::Config& config, const config::ModbusLink& link, const drivers::ReadOrder& order);

/// `read --scan`: asks every unit id of the link for one register. Who answers, if only by an exception, is there.
int scan(const Args& args, const config::Config& config, const config::ModbusLink& link);

}  // namespace fieldpost::cli
