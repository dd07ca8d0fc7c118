#include <iostream>
#include <nlohmann/json.hpp>

#include "agent/cli/check_payload.h"
#include "agent/cli/verbs.h"
#include "agent/text.h"
#include "drivers/modbus/describe.h"

namespace fieldpost::cli {
namespace {

using Json = nlohmann::ordered_json;

int check_json(const Args& args) {
  const config::Loaded loaded = examine(args.file, Depth::files);
  Json problems = Json::array();
  for (const auto& problem : loaded.problems) {
    problems.push_back({{"file", problem.file},
                        {"line", problem.line == 0 ? Json() : Json(problem.line)},
                        {"column", problem.column == 0 ? Json() : Json(problem.column)},
                        {"key", problem.key},
                        {"message", problem.message}});
  }
  const Json result{{"ok", loaded.problems.empty()}, {"problems", std::move(problems)}};
  std::cout << result.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  return loaded.problems.empty() ? fine : misused;
}

std::string counted(std::size_t count, const std::string& name) {
  return grouped(count) + " " + name + (count == 1 ? "" : "s");
}

}  // namespace

int check(const Args& args) {
  const bool plan = args.has("--plan");
  if (args.has("--payload") || args.has("--topic")) {
    if (!plan) return check_payload(args);
    std::cerr << "fieldpost: --payload is of MQTT, --plan of Modbus: leave out one of them\n";
    return misused;
  }
  if (args.has("--json")) {
    if (!plan) return check_json(args);
    std::cerr << "fieldpost: a plan is text: leave out --json or --plan\n";
    return misused;
  }
  const auto config = load(args, Depth::files);
  if (!config) return misused;
  std::size_t devices = 0;
  std::size_t points = 0;
  for (const auto& link : config->modbus) {
    devices += link.devices.size();
    for (const auto& device : link.devices)
      points += device.points->points.size();
    if (plan) std::cout << drivers::modbus::describe(link);
  }
  std::cout << "configuration is fine: " << counted(config->modbus.size(), "link") << ", " << counted(devices, "device")
            << ", " << counted(points, "point");
  if (!config->mqtt.empty()) {
    std::size_t rules = 0;
    for (const auto& broker : config->mqtt)
      rules += broker.rules.size();
    std::cout << "; " << counted(config->mqtt.size(), "broker") << ", " << counted(rules, "rule");
  }
  std::cout << "\n";
  return fine;
}

}  // namespace fieldpost::cli
