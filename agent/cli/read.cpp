#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <thread>

#include "agent/cli/reading_source.h"
#include "agent/cli/unknown_name.h"
#include "agent/cli/verbs.h"
#include "agent/device_reading_json.h"
#include "config/register.h"

namespace fieldpost::cli {
namespace {

const config::ModbusLink* find_link(const config::Config& config, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& link : config.modbus) {
    if (link.name == name) return &link;
    names.push_back(link.name);
  }
  std::cerr << "fieldpost: " << unknown_name("Modbus link", name, names) << "\n";
  return nullptr;
}

/// Of the device; `device` is set where there is one of the name.
const config::ModbusLink* find_device(const config::Config& config, const std::string& name,
                                      const config::ModbusDevice*& device) {
  std::vector<std::string> names;
  for (const auto& link : config.modbus) {
    for (const auto& each : link.devices) {
      names.push_back(each.name);
      if (each.name != name) continue;
      device = &each;
      return &link;
    }
  }
  std::cerr << "fieldpost: " << unknown_name("Modbus device", name, names) << "\n";
  return nullptr;
}

/// What a SunSpec device has is known when it has been asked.
bool points_known(const config::ModbusDevice& device, const std::vector<std::string>& wanted) {
  if (device.sunspec) return true;
  std::vector<std::string> names;
  names.reserve(device.points->points.size());
  for (const auto& point : device.points->points)
    names.push_back(point.name);
  for (const auto& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::cerr << "fieldpost: " << unknown_name("point of " + device.name, name, names) << "\n";
    return false;
  }
  return true;
}

/// What is to be read, and on which link; nothing, and it has been said why.
const config::ModbusLink* order_of(const Args& args, const config::Config& config, drivers::ReadOrder& order) {
  order.device = args.arguments.front();
  order.points.assign(args.arguments.begin() + 1, args.arguments.end());
  if (args.has("--raw")) {
    order.raw = std::get<config::RegisterRange>(config::parse_run(args.value("--raw")));
    if (!order.points.empty()) {
      std::cerr << "fieldpost: --raw reads registers, not points: leave out \"" << order.points.front() << "\"\n";
      return nullptr;
    }
  }
  if (args.has("--unit")) {
    order.unit = std::stoi(args.value("--unit"));
    if (order.raw) return find_link(config, order.device);
    std::cerr << "fieldpost: --unit needs --raw: a unit that is not configured has no points\n";
    return nullptr;
  }
  const config::ModbusDevice* device = nullptr;
  const config::ModbusLink* link = find_device(config, order.device, device);
  return link != nullptr && points_known(*device, order.points) ? link : nullptr;
}

int show(const Args& args, const config::Config& config, const config::ModbusLink& link,
         const drivers::ReadOrder& order) {
  const std::string json = reading_json(config, link, order);
  const DeviceReadingText reading = render_device_reading(json, order.raw.has_value());
  std::cout << (args.has("--json") ? json + "\n" : reading.text) << std::flush;
  if (!reading.error.empty()) {
    std::cerr << "fieldpost: " << order.device << " (" << link.url.text << "): " << reading.error << "\n";
  }
  return reading.error.empty() && reading.good ? fine : failed;
}

}  // namespace

int read(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  if (args.has("--scan")) {
    const config::ModbusLink* link = find_link(*config, args.value("--scan"));
    return link == nullptr ? misused : scan(args, *config, *link);
  }
  drivers::ReadOrder order;
  const config::ModbusLink* link = order_of(args, *config, order);
  if (link == nullptr) return misused;
  if (!args.has("--watch")) return show(args, *config, *link, order);
  const bool clear = ::isatty(STDOUT_FILENO) == 1 && !args.has("--json");
  // Ctrl-C ends the process: there is nothing to put back.
  while (std::cout) {
    if (clear) std::cout << "\033[H\033[2J";
    show(args, *config, *link, order);
    std::this_thread::sleep_for(std::chrono::seconds{1});
  }
  return failed;
}

}  // namespace fieldpost::cli
