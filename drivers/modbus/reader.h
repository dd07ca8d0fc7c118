// One pass over the requests of a device.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "buffer/reading.h"
#include "config/device_map.h"
#include "drivers/modbus/answer.h"
#include "drivers/modbus/line.h"
#include "drivers/modbus/plan.h"

namespace fieldpost::drivers::modbus {

struct Pass {
  bool spoke = false;                           // at least one request got an answer or an exception
  Outcome failure{Outcome::Kind::answered, 0};  // the last request's that failed
};

/// Reads all of the requests; `values` gets one value for each point, `raw` too where it is given. An exception costs
/// the points of its request, any other failure the rest of the pass, so that a dead device costs one time-out.
Pass read_points(Line& line, int unit, std::span<const config::Point> points, std::span<const Request> requests,
                 std::span<Value> values, std::vector<std::vector<std::uint16_t>>* raw = nullptr);

}  // namespace fieldpost::drivers::modbus
