// Any bytes as an MQTT payload, under each kind of rule. The first byte chooses the rule, the rest is the payload.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "config/utf8.h"
#include "drivers/mqtt/interpreter.h"
#include "drivers/mqtt/topic.h"

namespace {

using fieldpost::config::MqttRule;
using fieldpost::config::Type;

MqttRule rule(MqttRule::Payload payload, const char* value, const char* time) {
  MqttRule made;
  made.topic = "a/+/#";
  made.payload = payload;
  made.device = "{1}";
  made.point = "{2}";
  made.values[0].pointer = value;
  made.time = time;
  return made;
}

MqttRule named(const char* device, const char* point, const char* value, const char* time) {
  MqttRule made = rule(MqttRule::Payload::json, value, time);
  made.device = device;
  made.point = point;
  made.values[0].number = true;
  made.values[0].point.unit = "{/u}";
  return made;
}

MqttRule all(const char* below) {
  MqttRule made = rule(MqttRule::Payload::json, "", "/t");
  made.values.clear();
  made.all = below;
  return made;
}

MqttRule converted(Type type, std::uint16_t size) {
  MqttRule made = rule(MqttRule::Payload::raw, "", "");
  made.values[0].point.type = type;
  made.values[0].point.size = size;
  made.values.push_back(made.values[0]);
  made.values[0].point.name = "first";
  made.values[1].point.name = "second";
  made.values[1].at = 3;
  return made;
}

MqttRule scaled() {
  MqttRule made = rule(MqttRule::Payload::json, "/*/v", "/*/t");
  made.values[0].point.scale = {1, -3};
  made.values[0].point.name = "v";
  made.values.push_back(made.values[0]);
  made.values[1].pointer = "/*/e";
  made.values[1].point.name = "e";
  made.values[1].point.names = {{0, "off"}, {1, "on"}};
  return made;
}

const MqttRule rules[] = {
    rule(MqttRule::Payload::text, "", ""),
    rule(MqttRule::Payload::json, "/value", ""),
    rule(MqttRule::Payload::json, "", ""),
    rule(MqttRule::Payload::json, "/value", "/ts"),
    rule(MqttRule::Payload::json, "/a/0/~1", ""),
    rule(MqttRule::Payload::json, "/0/0", "/1"),
    rule(MqttRule::Payload::json, "/*", ""),
    named("{/n}", "{*}", "/a/*/v", "/a/*/t"),
    named("{/*/n}", "{/*/p}", "/*/v", "{2}"),
    all(""),
    all("/a"),
    scaled(),
    converted(Type::int16, 0),
    converted(Type::string, 5),
    converted(Type::bcd32, 0),
    converted(Type::float64, 0),
    converted(Type::boolean, 0),
};

void expect(bool holds) {
  if (!holds) std::abort();
}

fieldpost::drivers::mqtt::Decoded decode(const MqttRule& one, const std::string& topic, const std::string& payload) {
  fieldpost::config::MqttBroker broker;
  broker.rules = {one};
  fieldpost::drivers::mqtt::Decoded decoded;
  fieldpost::drivers::mqtt::Interpreter(broker, false).read({topic, payload}, {}, [&](const auto& made) {
    decoded = in_full(made);
    return true;
  });
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(data + 1, data + size);
  const auto decoded = decode(rules[*data % std::size(rules)], "a/b/c", bytes);
  expect(!decoded.portions.empty() || !decoded.problem.empty());
  for (const auto& portion : decoded.portions) {
    expect(!portion.values.empty() && portion.values.size() == portion.points.size());
    expect(fieldpost::drivers::mqtt::wrong_with(portion.device).empty());
    for (const fieldpost::PointName& point : portion.points) {
      expect(fieldpost::drivers::mqtt::wrong_with(point.name).empty());
    }
    for (const fieldpost::Value& value : portion.values) {
      expect(good(value) || !decoded.problem.empty());
      const auto* text = std::get_if<std::string>(&value);
      expect(text == nullptr || fieldpost::config::valid_utf8(*text));
    }
  }

  const auto names = decode(rules[0], bytes, "1");
  expect(names.portions.size() <= 1 && (names.portions.empty() || names.problem.empty()));
  return 0;
}
