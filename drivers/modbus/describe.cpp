#include "drivers/modbus/describe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "config/quantity.h"
#include "drivers/modbus/plan.h"

namespace fieldpost::drivers::modbus {
namespace {

std::string milliseconds(config::Duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", static_cast<double>(duration.count()) / 1e3);
  return text.data();
}

std::string request_line(const Request& request, const config::ModbusDevice& device, const config::ModbusUrl& url) {
  const unsigned last = request.address + request.count - 1U;
  std::string line = "    function " + std::to_string(function(request.table)) + "  " + name(request.table) + ":" +
                     std::to_string(request.address);
  if (last != request.address) line += "-" + std::to_string(last);
  if (url.kind == config::ModbusUrl::Kind::rtu) line += "  " + milliseconds(bus_time(request, url));
  line += "  ";
  std::string names;
  for (const Slot& slot : request.slots) {
    if (slot.scale) continue;
    if (!names.empty()) names += ", ";
    names += device.points.points[slot.point].name;
  }
  return line + (names.empty() ? "scale registers" : names) + "\n";
}

/// The share of the line's time that all cycles together take up, and the device with the worst cycle.
std::string load_lines(double load, const std::string& too_long) {
  const int percent = static_cast<int>(std::ceil(load * 100));
  std::string text = "  line busy " + std::to_string(percent) + " %, the devices' own time to answer aside\n";
  if (!too_long.empty()) text += "  warning: a cycle of " + too_long + " takes longer than its period\n";
  if (too_long.empty() && load > 1) text += "  warning: the cycles do not fit their periods: polls will be skipped\n";
  return text;
}

}  // namespace

std::string describe(const config::ModbusLink& link) {
  const bool serial = link.url.kind == config::ModbusUrl::Kind::rtu;
  std::string text = link.name + "  " + link.url.text + "\n";
  double load = 0;
  std::string too_long;
  for (const config::ModbusDevice& device : link.devices) {
    if (device.sunspec) {
      text += "  " + device.name + "  unit " + std::to_string(device.unit) + "  every " +
              config::to_text(device.every) + "  SunSpec: the device says its points when it answers\n";
      continue;
    }
    const std::vector<Request> requests = plan(device.points.points, PlanLimits(device));
    config::Duration cycle{0};
    for (const Request& request : requests)
      cycle += bus_time(request, link.url);
    text += "  " + device.name + "  unit " + std::to_string(device.unit) + "  every " + config::to_text(device.every) +
            "  " + std::to_string(requests.size()) + (requests.size() == 1 ? " request" : " requests");
    if (serial) text += "  bus time " + milliseconds(cycle);
    text += "\n";
    for (const Request& request : requests)
      text += request_line(request, device, link.url);
    load += static_cast<double>(cycle.count()) / static_cast<double>(std::max<std::int64_t>(device.every.count(), 1));
    if (cycle > device.every) too_long += (too_long.empty() ? "" : ", ") + device.name;
  }
  if (serial) text += load_lines(load, too_long);
  return text;
}

}  // namespace fieldpost::drivers::modbus
