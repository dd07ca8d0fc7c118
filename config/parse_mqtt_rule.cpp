// [[mqtt.subscribe]]: which messages, and the names and the time of what they become.
#include "config/sections.h"
#include "config/template.h"
#include "config/time_zone.h"
#include "config/topic.h"

namespace fieldpost::config {
namespace {

/// What placeholders may name.
struct Ground {
  int wildcards = -1;               // of the topic; below 0: the filter is wrong, and nothing can be said of numbers
  bool json = true;                 // the payload has places
  std::optional<std::string> star;  // what stands before the * of the values
  bool metrics = false;             // {metric} is one
};

void check_pointer(Fields& fields, std::string_view key, const std::string& pointer, const Ground& ground) {
  const auto before = before_star(pointer);
  if (!ground.json) {
    fields.wrong(key, "names " + in_quotes(pointer) + ", which is of payload \"json\" only");
  } else if (!valid_pointer(pointer)) {
    fields.wrong_value(key, pointer, "is no JSON pointer: write \"/a/b\", and ~0 for ~, ~1 for / in a name");
  } else if (before && before != ground.star) {
    fields.wrong_value(key, pointer,
                       ground.star ? "goes over other elements than the value: write " + in_quotes(*ground.star + "/*")
                                   : "has a *, but the value has none");
  }
}

void check_placeholder(Fields& fields, std::string_view key, const std::string& name, const Ground& ground) {
  if (name.starts_with('/')) return check_pointer(fields, key, name, ground);
  if (name == "metric" && ground.metrics) return;
  if (name == "*") {
    if (!ground.star) fields.wrong(key, "has \"{*}\", but the value's pointer has no *");
    return;
  }
  const auto number = name.starts_with('0') ? std::nullopt : parse_number(name, 65535);
  if (!number) {
    fields.wrong(key, "has an unknown placeholder " + in_quotes("{" + name + "}") + ": {1} is the first wildcard");
  } else if (ground.wildcards >= 0 && *number > static_cast<std::uint64_t>(ground.wildcards)) {
    fields.wrong(key, in_quotes("{" + name + "}") + " is beyond the topic's wildcards, of which there are " +
                          std::to_string(ground.wildcards));
  }
}

void check_template(Fields& fields, std::string_view key, const std::string& text, const Ground& ground) {
  const Parsed<Template> parsed = parse_template(text);
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) return fields.wrong_value(key, text, wrong->what);
  for (const std::string& name : std::get<Template>(parsed).names) {
    check_placeholder(fields, key, name, ground);
  }
}

std::string parse_name(Fields& fields, std::string_view key, const Ground& ground) {
  const auto text = fields.name(key);
  if (!text) return "";
  check_template(fields, key, *text, ground);
  return *text;
}

void check_device(Fields& fields, const std::string& name, const Context& context) {
  if (name.empty()) return;
  if (name == context.config.agent.id) {
    fields.wrong_value("device", name, "is the agent's id: readings of that device are the agent's own");
  } else if (const std::string owner = context.devices.owner(name); !owner.empty()) {
    fields.wrong_value("device", name, "is already the name of the entry in " + owner);
  }
}

/// A JSON pointer, or {n}.
void parse_time(Fields& fields, MqttRule& rule, const Ground& ground, const Context& context) {
  const auto time = fields.text("time");
  if (time && time->empty()) {
    fields.wrong("time", "is empty: leave it out for the time of arrival");
  } else if (time && time->starts_with('{')) {
    const bool one = time->find_first_of("{}", 1) == time->size() - 1 && time->find_first_of("/*") == std::string::npos;
    if (one) check_template(fields, "time", *time, ground);
    if (!one) fields.wrong_value("time", *time, "must be one level of the topic, as in \"{1}\", or a JSON pointer");
    rule.time = *time;
  } else if (time) {
    check_pointer(fields, "time", *time, ground);
    rule.time = *time;
  }
  const auto name = fields.text("time_zone");
  if (!name) return;
  const Parsed<TimeZone> zone = parse_time_zone(*name, context.world.read);
  if (const auto* wrong = std::get_if<Wrong>(&zone)) {
    fields.wrong_value("time_zone", *name, wrong->what);
  } else {
    rule.zone = std::make_shared<const TimeZone>(std::get<TimeZone>(zone));
  }
  if (!fields.has("time")) fields.wrong("time_zone", "has no time beside it: it is of times that come without a zone");
}

int parse_topic(Fields& fields, std::string& topic) {
  if (!fields.require("topic", "an MQTT topic filter, as in \"yard/+/temperature\"")) return -1;
  const auto filter = fields.text("topic");
  if (!filter) return -1;
  topic = *filter;
  const Parsed<int> parsed = parse_filter(*filter);
  if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
    fields.wrong_value("topic", *filter, wrong->what);
    return -1;
  }
  return std::get<int>(parsed);
}

}  // namespace

MqttRule parse_mqtt_rule(Fields& fields, const Context& context) {
  MqttRule rule;
  rule.place = context.config.file + ":" + std::to_string(fields.place().line) + ": " + fields.path();
  Ground ground;
  ground.wildcards = parse_topic(fields, rule.topic);
  fields.integer("qos", rule.qos, 0, 2);
  const auto retained = fields.choice("retained", {"take", "mark", "ignore"});
  if (retained == "mark") rule.retained = MqttRule::Retained::mark;
  if (retained == "ignore") rule.retained = MqttRule::Retained::ignore;
  parse_mqtt_values(fields, rule);
  const bool sparkplug = rule.payload == MqttRule::Payload::sparkplug;  // the payload names what the rule does not
  ground.json = rule.payload == MqttRule::Payload::json;
  if (!rule.values.empty()) ground.star = before_star(rule.values.front().pointer);
  if (!sparkplug) parse_time(fields, rule, ground, context);
  if (sparkplug || fields.require("device", "a name, or {1} for the topic's first wildcard")) {
    rule.device = parse_name(fields, "device", ground);
  }
  check_device(fields, rule.device, context);
  const bool named = fields.has("values");
  ground.metrics = sparkplug;
  if (sparkplug || named || fields.require("point", "a name, or {1} for the topic's first wildcard")) {
    rule.point = parse_name(fields, "point", ground);
  }
  for (const MqttValue& value : rule.values) {
    check_template(fields, named ? "values" : "unit", value.point.unit, ground);
  }
  fields.boolean("keep_bad", rule.keep_bad);
  if (rule.keep_bad && sparkplug) {
    fields.wrong("keep_bad",
                 "is of json, text and raw: of a Sparkplug message each bad metric is a reading; remove it");
  }
  fields.finish();
  return rule;
}

}  // namespace fieldpost::config
