// Any bytes as an MQTT payload, under each kind of rule. The first byte chooses the rule, the rest is the payload.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "config/utf8.h"
#include "drivers/mqtt/payload.h"
#include "drivers/mqtt/topic.h"

namespace {

using fieldpost::config::MqttRule;

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

const MqttRule rules[] = {
    rule(MqttRule::Payload::text, "", ""),        rule(MqttRule::Payload::json, "/value", ""),
    rule(MqttRule::Payload::json, "", ""),        rule(MqttRule::Payload::json, "/value", "/ts"),
    rule(MqttRule::Payload::json, "/a/0/~1", ""), rule(MqttRule::Payload::json, "/0/0", "/1"),
};

void expect(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(data + 1, data + size);
  const auto decoded = fieldpost::drivers::mqtt::decode(rules[*data % std::size(rules)], "a/b/c", bytes);
  expect(!decoded.portions.empty() || !decoded.problem.empty());
  for (const auto& portion : decoded.portions) {
    expect(!portion.values.empty() && portion.values.size() == portion.points.size());
    for (const fieldpost::Value& value : portion.values) {
      expect(good(value) || !decoded.problem.empty());
      const auto* text = std::get_if<std::string>(&value);
      expect(text == nullptr || fieldpost::config::valid_utf8(*text));
    }
  }

  const auto names = fieldpost::drivers::mqtt::name(rules[0], bytes);
  expect(!names || names->device.empty() == !names->problem.empty());
  expect(!names || (fieldpost::config::valid_utf8(names->device) && names->point.size() <= 255));
  return 0;
}
