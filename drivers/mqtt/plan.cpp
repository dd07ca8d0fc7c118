#include "drivers/mqtt/plan.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "drivers/mqtt/topic.h"
#include "drivers/mqtt/wall_time.h"

namespace fieldpost::drivers::mqtt {
namespace {

using config::MqttRule;

std::vector<JsonPointer> pointers_of(const MqttRule& rule) {
  std::vector<JsonPointer> pointers;
  if (rule.payload != MqttRule::Payload::json) return pointers;
  for (const config::MqttValue& value : rule.values) {
    pointers.emplace_back(value.pointer);
  }
  return pointers;
}

}  // namespace

Plan::Plan(const MqttRule& of)
    : rule(&of), pointers(pointers_of(of)), device(of.device, pointers), point(of.point, pointers) {
  starred = !pointers.empty() && !of.values.empty() && pointers.front().star();
  for (const config::MqttValue& value : of.values) {
    units.emplace_back(value.point.unit, pointers);
  }
  if (of.time.starts_with('/')) {
    time_pointer = pointers.size();
    pointers.emplace_back(of.time);
  } else if (!of.time.empty()) {
    time_level.emplace(of.time, pointers);
  }
  named_by_topic = of.payload != MqttRule::Payload::sparkplug && device.by_topic() && point.by_topic() && !of.all;
  same_for_topic = named_by_topic && !starred &&
                   std::all_of(units.begin(), units.end(), [](const NameTemplate& unit) { return unit.by_topic(); });
}

Names Plan::names(const Levels& levels) const {
  const NameSource source{levels};
  std::string problem;
  auto device_name = device.fill(source, problem);
  problem = device_name ? wrong_with(*device_name) : "name " + problem;
  if (!problem.empty()) return {{}, {}, "device " + problem};
  Names names{*std::move(device_name), {}};
  for (std::size_t i = 0; i < rule->values.size(); ++i) {
    auto name = point_name(source, rule->values[i].point.name, problem);
    if (!name) return {{}, {}, "point " + problem};
    // Without what only a payload could say of it.
    std::string unit = units[i].by_topic() ? units[i].fill(source, problem).value_or("") : "";
    names.points.push_back({*std::move(name), std::move(unit)});
  }
  return names;
}

std::optional<std::string> Plan::point_name(const NameSource& source, std::string_view value,
                                            std::string& problem) const {
  std::optional<std::string> name = point.fill(source, problem);
  if (!name) {
    problem.insert(0, "name ");
    return std::nullopt;
  }
  if (!value.empty()) name->append(point.empty() ? "" : "/").append(value);
  problem = wrong_with(*name);
  return problem.empty() ? name : std::nullopt;
}

std::optional<std::int64_t> Plan::time(const Levels& levels, const Value* at, std::string& problem) const {
  if (rule->time.empty()) return std::nullopt;
  const config::TimeZone* zone = rule->zone.get();
  std::optional<std::int64_t> wall;
  if (time_level) {
    std::string ignored;
    wall = wall_time(time_level->fill({levels}, ignored).value_or(""), zone);
  } else if (at != nullptr) {
    wall = wall_time(*at, zone);
  }
  const bool there = time_level || (at != nullptr && good(*at));
  if (!wall) problem = (there ? "unreadable time at " : "no time at ") + rule->time;
  return wall;
}

}  // namespace fieldpost::drivers::mqtt
