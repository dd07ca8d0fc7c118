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

}  // namespace

DeviceReading take(Line& line, const config::ModbusDevice& device, const std::vector<std::string>& names,
                   const Clock& clock) {
  DeviceReading reading;
  reading.device = device.name;
  reading.time = clock.now().wall;
  sunspec::Discovery found;
  if (device.sunspec) {
    found = sunspec::discover(line, device.unit);
    reading.error = found.error;
    reading.notes = found.notes;
    if (found.points.empty()) return reading;
  }
  const std::vector<config::Point>& known = device.sunspec ? found.points : device.points.points;
  std::vector<config::Point> points;
  for (const std::string& name : names) {
    const config::Point* point = find(known, name);
    if (point == nullptr) {
      reading.error = unknown(device.name, "point", name, known);
      return reading;
    }
    points.push_back(*point);
  }
  if (names.empty()) points = known;
  if (!line.open()) {
    reading.error = line.error();
    return reading;
  }

  const auto start = std::chrono::steady_clock::now();
  Reader reader(points, PlanLimits(device));
  const Pass pass = reader.read(line, device.unit);
  reading.time = clock.now().wall;
  reading.duration = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (pass.failure.kind == Outcome::Kind::disconnected) reading.error = line.error();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const config::Register& reg = points[i].reg;
    const std::span<const std::uint16_t> raw = reader.raw(i);
    reading.points.push_back({points[i].name,
                              reader.values()[i],
                              points[i].unit,
                              std::string(name(reg.table)) + ":" + std::to_string(reg.address),
                              {raw.begin(), raw.end()}});
  }
  return reading;
}

const config::ModbusDevice* find_device(const config::ModbusLink& link, const std::string& name, std::string& error) {
  const config::ModbusDevice* device = find(link.devices, name);
  if (device == nullptr) error = unknown(link.name, "device", name, link.devices);
  return device;
}

DeviceReading read_once(const config::ModbusLink& link, const std::string& device,
                        const std::vector<std::string>& points, const Clock& clock) {
  DeviceReading failed;
  failed.device = device;
  failed.time = clock.now().wall;
  const config::ModbusDevice* known = find_device(link, device, failed.error);
  if (known == nullptr) return failed;
  Line line(link);
  return take(line, *known, points, clock);
}

}  // namespace fieldpost::drivers::modbus
