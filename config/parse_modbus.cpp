// [[modbus]] and [[modbus.device]].
#include "config/sections.h"
#include "config/url.h"

namespace fieldpost::config {
namespace {

void parse_map(Fields& fields, ModbusDevice& device, Context& context) {
  if (!fields.require("map", "name the file of the device's map")) return;
  const auto path = fields.text("map");
  if (!path) return;
  if (path->empty()) {
    fields.wrong("map", "is empty: name the file of the device's map");
  } else if (*path == "sunspec") {
    fields.wrong_value("map", *path, "is not built in this version: name a device map");
  } else if (path->ends_with(".csv") || path->ends_with(".CSV")) {
    fields.wrong_value("map", *path, "is CSV, which is not built in this version: write the map as TOML");
  } else {
    device.map = resolve(*path, context.config.file);
    if (const DeviceMap* map = context.maps.get(fields, "map", device.map)) device.points = *map;
  }
}

/// Two links on one serial line would read each other's answers.
void check_line(Fields& fields, const ModbusUrl& url, std::map<std::string, int>& lines) {
  if (url.path.empty()) return;
  const auto [other, is_new] = lines.try_emplace(url.path, fields.place().line);
  if (!is_new) {
    fields.wrong_value("url", url.text,
                       "is the serial line of the link in line " + std::to_string(other->second) +
                           " already: list the devices of both there");
  }
}

ModbusDevice parse_device(Fields& fields, ModbusUrl::Kind kind, Context& context) {
  using namespace std::chrono_literals;
  ModbusDevice device;
  if (fields.require("name", "name the device")) {
    if (const auto name = fields.name("name")) {
      device.name = *name;
      context.devices.claim(fields, "name", *name);
      if (*name == context.config.agent.id) {
        fields.wrong_value("name", *name, "is the agent's id: readings of that device are the agent's own");
      }
    }
  }
  // Unit 0 over TCP is a gateway's own registers; on a serial line it is the broadcast, which nobody answers.
  const bool serial = kind == ModbusUrl::Kind::rtu;
  fields.integer("unit", device.unit, serial ? 1 : 0, serial ? 247 : 255);
  if (device.unit > 247 && device.unit < 255) {
    fields.wrong_value("unit", std::to_string(device.unit), "is reserved (Modbus over TCP takes 0 to 247, and 255)");
  }
  parse_map(fields, device, context);
  fields.duration("every", device.every, 1ms, 24h * 365);
  fields.finish({"max_registers", "max_coils", "max_gap", "pause", "retries"});
  return device;
}

}  // namespace

void parse_modbus(Fields& root, Context& context) {
  using namespace std::chrono_literals;
  std::map<std::string, int> lines;
  for (Fields& fields : root.tables("modbus")) {
    ModbusLink link;
    if (fields.require("name", "name the link")) {
      link.name = fields.name("name").value_or("");
      if (!link.name.empty()) context.sources.claim(fields, "name", link.name);
    }
    if (fields.require("url", "as in \"tcp://10.0.4.11:502\" or \"rtu:///dev/ttyUSB0?baud=19200\"")) {
      fields.take("url", link.url, parse_modbus_url);
      check_line(fields, link.url, lines);
    }
    fields.duration("timeout", link.timeout, 1ms, 1min);
    const bool has_devices = fields.has("device");
    for (Fields& device : fields.tables("device")) {
      link.devices.push_back(parse_device(device, link.url.kind, context));
    }
    if (!has_devices) fields.wrong("device", "is missing: a link has at least one [[modbus.device]]");
    fields.finish({"max_registers", "max_coils", "max_gap", "pause", "retries", "rs485", "echo"});
    context.config.modbus.push_back(std::move(link));
  }
}

}  // namespace fieldpost::config
