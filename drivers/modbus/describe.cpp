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

std::string request_line(const Request& request, std::span<const config::Point> points, const config::ModbusUrl& url) {
  const unsigned last = request.address + request.count - 1U;
  std::string line = "    function " + std::to_string(function(request.table)) + "  " + name(request.table) + ":" +
                     std::to_string(request.address);
  if (last != request.address) line += "-" + std::to_string(last);
  if (url.kind == config::ModbusUrl::Kind::rtu) line += "  " + milliseconds(bus_time(request, url));
  line += "  ";
  std::string names;
  for (const Slot& slot : request.slots) {
    if (slot.part != Slot::Part::value) continue;
    if (!names.empty()) names += ", ";
    names += points[slot.point].name;
  }
  return line + (names.empty() ? "scale registers" : names) + "\n";
}

/// What the cycles of a link need of its line.
struct Load {
  double busy = 0;       // share of the line's time
  std::string too_long;  // devices with a cycle that takes longer than its period
};

std::string load_lines(const Load& load) {
  const int percent = static_cast<int>(std::ceil(load.busy * 100));
  std::string text = "  line busy " + std::to_string(percent) + " %, the devices' own time to answer aside\n";
  if (!load.too_long.empty()) {
    text += "  warning: a cycle of " + load.too_long + " takes longer than its period\n";
  } else if (load.busy > 1) {
    text += "  warning: the cycles do not fit their periods: polls will be skipped\n";
  }
  return text;
}

std::string group_lines(const config::ModbusLink& link, const config::ModbusDevice& device,
                        std::span<const config::Point> points, Load& load) {
  const std::vector<Request> requests = plan(points, PlanLimits(device));
  const config::Duration every = points.front().every.value_or(device.every);
  config::Duration cycle = device.pause * static_cast<std::int64_t>(requests.size());
  for (const Request& request : requests)
    cycle += bus_time(request, link.url);
  std::string text = "  " + device.name + "  unit " + std::to_string(device.unit) + "  every " +
                     config::to_text(every) + (points.front().alarm ? "  alarm" : "") + "  " +
                     std::to_string(requests.size()) + (requests.size() == 1 ? " request" : " requests");
  if (link.url.kind == config::ModbusUrl::Kind::rtu) text += "  bus time " + milliseconds(cycle);
  text += '\n';
  for (const Request& request : requests)
    text += request_line(request, points, link.url);
  load.busy += static_cast<double>(cycle.count()) / static_cast<double>(std::max<std::int64_t>(every.count(), 1));
  if (cycle > every) load.too_long += (load.too_long.empty() ? "" : ", ") + device.name;
  return text;
}

}  // namespace

std::string describe(const config::ModbusLink& link) {
  std::string text = link.name + "  " + link.url.text + "\n";
  Load load;
  for (const config::ModbusDevice& device : link.devices) {
    if (device.sunspec) {
      text += "  " + device.name + "  unit " + std::to_string(device.unit) + "  every " +
              config::to_text(device.every) + "  SunSpec: the device says its points when it answers\n";
    }
    for (const SharedPoints& points : poll_groups(device))
      text += group_lines(link, device, *points, load);
  }
  if (link.url.kind == config::ModbusUrl::Kind::rtu) text += load_lines(load);
  return text;
}

}  // namespace fieldpost::drivers::modbus
