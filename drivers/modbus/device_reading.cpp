#include "drivers/modbus/device_reading.h"

#include <algorithm>
#include <utility>

#include "config/nearest.h"
#include "drivers/modbus/line.h"
#include "drivers/modbus/plan.h"
#include "drivers/modbus/reader.h"
#include "drivers/modbus/sunspec.h"

namespace fieldpost::drivers::modbus {
namespace {

template <typename Named>
std::string unknown(const std::string& owner, const std::string& kind, const std::string& name,
                    const std::vector<Named>& all) {
  constexpr std::size_t most = 20;
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Named& one : all)
    names.push_back(one.name);
  std::string text = owner + " has no " + kind + " " + name;
  const std::string meant = config::nearest(name, names);
  if (!meant.empty()) return text + "; did you mean " + meant + "?";
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    text += (i == 0 ? "; it has " : ", ") + names[i];
  return names.size() > most ? text + ", …" : text;
}

template <typename Named>
const Named* find(const std::vector<Named>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// The points that the order names, of all that the device has; nothing, and why.
std::optional<std::vector<config::Point>> points_of(std::vector<config::Point> all, const ReadOrder& order,
                                                    DeviceReading& reading) {
  if (order.points.empty()) return all;
  std::vector<config::Point> points;
  for (const std::string& name : order.points) {
    const config::Point* point = find(all, name);
    if (point == nullptr) {
      reading.error = unknown(reading.device, "point", name, all);
      return std::nullopt;
    }
    points.push_back(*point);
  }
  return points;
}

/// Of its map, or what a SunSpec device says of itself; none, and why.
std::vector<config::Point> all_points(Line& line, const config::ModbusDevice& device, DeviceReading& reading) {
  if (!device.sunspec) return device.points->points;
  sunspec::Discovery found = sunspec::discover(line, device.unit);
  reading.error = std::move(found.error);
  reading.notes = std::move(found.notes);
  return std::move(found.points);
}

std::vector<config::Point> raw_points(const config::RegisterRange& raw) {
  std::vector<config::Point> points;
  for (std::uint32_t address = raw.first; address <= raw.last; ++address) {
    config::Point& point = points.emplace_back();
    point.name = std::string(name(raw.table)) + ":" + std::to_string(address);
    point.reg = {raw.table, static_cast<std::uint16_t>(address)};
    point.type = is_bits(raw.table) ? config::Type::boolean : config::Type::uint16;
  }
  return points;
}

/// The device that the order means; one that is not configured where it gives a unit.
std::optional<config::ModbusDevice> device_of(const config::ModbusLink& link, const ReadOrder& order,
                                              std::string& error) {
  if (order.unit) {
    config::ModbusDevice device;
    device.name = link.name + " unit " + std::to_string(*order.unit);
    device.unit = *order.unit;
    return device;
  }
  const config::ModbusDevice* device = find(link.devices, order.device);
  if (device == nullptr) error = unknown(link.name, "device", order.device, link.devices);
  return device == nullptr ? std::nullopt : std::optional(*device);
}

}  // namespace

DeviceReading take(Line& line, const config::ModbusLink& link, const ReadOrder& order, const Clock& clock) {
  DeviceReading reading;
  reading.device = order.device;
  reading.time = clock.now().wall;
  const std::optional<config::ModbusDevice> device = device_of(link, order, reading.error);
  if (!device) return reading;
  reading.device = device->name;
  const auto all = order.raw ? raw_points(*order.raw) : all_points(line, *device, reading);
  const auto points = points_of(all, order, reading);
  if (!points || points->empty()) return reading;
  if (!line.open()) {
    reading.error = line.error();
    return reading;
  }

  const auto start = std::chrono::steady_clock::now();
  Reader reader(*points, PlanLimits(*device));
  const Pass pass = reader.read(line, device->unit);
  reading.time = clock.now().wall;
  reading.duration = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (pass.failure.kind == Outcome::Kind::disconnected) reading.error = line.error();
  for (std::size_t i = 0; i < points->size(); ++i) {
    const config::Point& point = (*points)[i];
    const std::span<const std::uint16_t> raw = reader.raw(i);
    reading.points.push_back({point.name,
                              reader.values()[i],
                              point.unit,
                              std::string(name(point.reg.table)) + ":" + std::to_string(point.reg.address),
                              {raw.begin(), raw.end()}});
  }
  return reading;
}

DeviceReading read_once(const config::ModbusLink& link, const ReadOrder& order, const Clock& clock) {
  Line line(link);
  return take(line, link, order, clock);
}

}  // namespace fieldpost::drivers::modbus
