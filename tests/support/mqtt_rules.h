// Rules of MQTT as a configuration has them, and the readings that they make, as lines of text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/mqtt/decoded.h"

namespace fieldpost::support {

/// Of a configuration with these [[mqtt.subscribe]] tables. Throws std::runtime_error with the first problem.
std::vector<config::MqttRule> mqtt_rules(const std::string& tables);

/// What the rule makes of a single message. No portions and no problem: the topic does not match. Of Sparkplug B what
/// the message says by itself, without its edge node's births.
drivers::mqtt::Decoded decode(const config::MqttRule& rule, const std::string& topic, const std::string& payload);

/// As it is written in a record; "bad: REASON".
std::string text_of(const Value& value);

/// 2026-11-22T09:03:11.000000Z
std::string utc(std::int64_t wall);

}  // namespace fieldpost::support
