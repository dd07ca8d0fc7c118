// [[modbus]] and [[modbus.device]].
#include "config/register.h"
#include "config/sections.h"
#include "config/url.h"

namespace fieldpost::config {
namespace {

void parse_map(Fields& fields, ModbusDevice& device, Context& context) {
  if (!fields.require("map", "name the file of the device's map")) return;
  const auto path = fields.text("map");
  if (!path) return;
  if (path->empty()) {
    fields.wrong("map", "is empty: name the file of the device's map, or write \"sunspec\"");
  } else if (*path == "sunspec") {
    device.sunspec = true;
  } else {
    device.map = resolve(*path, context.config.file);
    if (auto map = context.maps.get(fields, "map", device.map)) device.points = std::move(map);
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

/// What a link and a device may both say of how to treat a device.
struct Manners {
  Limits limits;
  Duration pause{};
  int retries = 0;
};

void parse_manners(Fields& fields, Manners& into) {
  using namespace std::chrono_literals;
  parse_limits(fields, into.limits);
  fields.duration("pause", into.pause, 0ms, 10s);
  fields.integer("retries", into.retries, 0, 10);
}

Limits or_else(const Limits& first, const Limits& second) {
  const auto either = [](const std::optional<int>& a, const std::optional<int>& b) { return a ? a : b; };
  return {either(first.max_registers, second.max_registers), either(first.max_coils, second.max_coils),
          either(first.max_gap, second.max_gap)};
}

/// A point is read by one request: half of an old and half of a new value would be a third one.
void check_widths(Fields& fields, const ModbusDevice& device) {
  if (!device.limits.max_registers) return;
  for (const Point& point : device.points->points) {
    if (holds_bits(point.reg.table) || width(point) <= *device.limits.max_registers) continue;
    fields.wrong(fields.has("max_registers") ? "max_registers" : "map",
                 "a request has at most max_registers = " + std::to_string(*device.limits.max_registers) + ", " +
                     in_quotes(point.name) + " takes " + std::to_string(width(point)) +
                     ": raise the limit, or leave the point out of the map");
    return;
  }
}

ModbusDevice parse_device(Fields& fields, const ModbusLink& link, const Manners& manners, Context& context) {
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
  const bool serial = link.url.kind != ModbusUrl::Kind::tcp;
  fields.integer("unit", device.unit, serial ? 1 : 0, serial ? 247 : 255);
  if (device.unit > 247 && device.unit < 255) {
    fields.wrong_value("unit", std::to_string(device.unit), "is reserved (Modbus over TCP takes 0 to 247, and 255)");
  }
  parse_map(fields, device, context);
  fields.duration("every", device.every, 1ms, 24h * 365);
  Manners own = manners;
  own.limits = {};
  parse_manners(fields, own);
  device.limits = or_else(own.limits, or_else(device.points->limits, manners.limits));
  check_widths(fields, device);
  device.pause = own.pause;
  device.retries = own.retries;
  fields.finish();
  return device;
}

/// true, or { rts = "high", delay_before = "1ms", delay_after = "1ms" }.
void parse_rs485(Fields& fields, ModbusLink& link) {
  using namespace std::chrono_literals;
  const Node* node = fields.find("rs485");
  if (node == nullptr) return;
  if (const auto* on = std::get_if<bool>(&node->value)) {
    if (*on) link.rs485.emplace();
  } else if (!std::holds_alternative<Members>(node->value)) {
    fields.wrong("rs485", "must be true, or a table with rts, delay_before and delay_after");
  } else if (auto table = fields.table("rs485")) {
    Rs485& rs485 = link.rs485.emplace();
    rs485.high_on_send = table->choice("rts", {"high", "low"}).value_or("high") == "high";
    table->duration("delay_before", rs485.before, 0ms, 100ms);
    table->duration("delay_after", rs485.after, 0ms, 100ms);
    table->finish();
  }
}

/// Keys of a serial line only.
void parse_serial_line(Fields& fields, ModbusLink& link) {
  parse_rs485(fields, link);
  fields.boolean("echo", link.echo);
  if (link.url.text.empty() || link.url.kind == ModbusUrl::Kind::rtu) return;
  if (fields.has("rs485")) fields.wrong("rs485", "is for a serial line, rtu://: this link has none");
  if (fields.has("echo") && link.url.kind == ModbusUrl::Kind::tcp) {
    fields.wrong("echo", "is for a serial line, rtu:// or rtu+tcp://: this link has none");
  }
}

}  // namespace

void parse_limits(Fields& fields, Limits& into) {
  constexpr int most_registers = 125;  // of one request (Application Protocol 1.1b3, section 6.3)
  constexpr int most_coils = 2'000;    // section 6.1
  const auto take = [&](std::string_view key, std::optional<int>& limit, int low, int high) {
    if (fields.find(key) == nullptr) return;
    int value = low;
    fields.integer(key, value, low, high);
    limit = value;
  };
  take("max_registers", into.max_registers, 1, most_registers);
  take("max_coils", into.max_coils, 1, most_coils);
  take("max_gap", into.max_gap, 0, most_registers - 1);
}

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
    parse_serial_line(fields, link);
    Manners manners;
    parse_manners(fields, manners);
    const bool has_devices = fields.has("device");
    for (Fields& device : fields.tables("device")) {
      link.devices.push_back(parse_device(device, link, manners, context));
    }
    if (!has_devices) fields.wrong("device", "is missing: a link has at least one [[modbus.device]]");
    fields.finish();
    context.config.modbus.push_back(std::move(link));
  }
}

}  // namespace fieldpost::config
