#include <algorithm>
#include <iostream>

#include "agent/cli/verbs.h"
#include "agent/control.h"
#include "agent/device_reading_json.h"
#include "buffer/clock.h"
#include "config/nearest.h"

namespace fieldpost::cli {
namespace {

constexpr std::chrono::seconds beyond_timeout{5};  // for the polls before it on the same link

struct Found {
  const config::ModbusLink* link = nullptr;
  const config::ModbusDevice* device = nullptr;
};

std::string unknown(const std::string& kind, const std::string& name, const std::vector<std::string>& names) {
  const std::string near = config::nearest(name, names);
  std::string line = "no " + kind + " is called \"" + name + "\"";
  if (!near.empty()) return line + "; did you mean " + near + "?";
  for (std::size_t i = 0; i < names.size(); ++i)
    line += (i == 0 ? "; there are " : ", ") + names[i];
  return line;
}

std::optional<Found> find(const config::Config& config, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& link : config.modbus) {
    for (const auto& device : link.devices) {
      if (device.name == name) return Found{&link, &device};
      names.push_back(device.name);
    }
  }
  std::cerr << "fieldpost: " << unknown("Modbus device", name, names) << "\n";
  return std::nullopt;
}

/// What a SunSpec device has is known when it has been asked.
bool points_known(const config::ModbusDevice& device, const std::vector<std::string>& wanted) {
  if (device.sunspec) return true;
  std::vector<std::string> names;
  names.reserve(device.points.points.size());
  for (const auto& point : device.points.points)
    names.push_back(point.name);
  for (const auto& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::cerr << "fieldpost: " << unknown("point of " + device.name, name, names) << "\n";
    return false;
  }
  return true;
}

/// Through the agent where it runs: a device may take one connection only, and a serial line has one master.
std::string read_json(const config::Config& config, const Found& found, const std::vector<std::string>& points) {
  constexpr std::size_t sunspec_requests = 100;
  const std::size_t requests =
      found.device->sunspec ? sunspec_requests : std::max<std::size_t>(1, found.device->points.points.size());
  const auto at_most = std::min<std::chrono::milliseconds>(
      std::chrono::duration_cast<std::chrono::milliseconds>(found.link->timeout * requests) + beyond_timeout,
      std::chrono::minutes{2});
  const Answer answer = ask(control_path(config.buffer.path), {"read", found.device->name, points}, at_most);
  switch (answer.kind) {
    case Answer::Kind::answered:
      return answer.text;
    case Answer::Kind::not_running:
      return to_json(drivers::modbus::read_once(*found.link, found.device->name, points, SystemClock{}));
    default:
      throw std::runtime_error(answer.text);
  }
}

}  // namespace

int read(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  const auto found = find(*config, args.arguments.front());
  if (!found) return misused;
  const std::vector<std::string> points(args.arguments.begin() + 1, args.arguments.end());
  if (!points_known(*found->device, points)) return misused;
  const std::string json = read_json(*config, *found, points);
  const DeviceReadingText reading = render_device_reading(json);
  std::cout << (args.has("--json") ? json + "\n" : reading.text);
  if (!reading.error.empty()) {
    std::cerr << "fieldpost: " << found->device->name << " (" << found->link->url.text << ", unit "
              << found->device->unit << "): " << reading.error << "\n";
  }
  return reading.error.empty() && reading.good ? fine : failed;
}

}  // namespace fieldpost::cli
