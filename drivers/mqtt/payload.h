// What a payload says under a rule. Pure: the same bytes give the same reading.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/reading.h"
#include "config/config.h"
#include "drivers/mqtt/decoded.h"

namespace fieldpost::drivers::mqtt {

/// What a payload says where the topic gives all the names.
struct Said {
  std::vector<Value> values;           // one a point of the rule; Bad with a short reason where the payload gives none
  std::optional<std::int64_t> wall{};  // the rule's time, microseconds since 1970; nothing: the time of arrival counts
  std::string problem;                 // what to tell the operator: a value's reason, or that there was no time
};

/// Takes payloads of up to 1 MiB and strings of up to 64 KiB. Text is trimmed of white space; what then is a number,
/// `true` or `false` in its whole length is that, everything else a string.
Said read_payload(const config::MqttRule& rule, std::string_view payload);

/// The readings of a message with the names that it gives them. No portions and no problem: the topic does not match.
/// Of Sparkplug B what the message says by itself, without its edge node's births.
Decoded decode(const config::MqttRule& rule, std::string_view topic, std::string_view payload);

}  // namespace fieldpost::drivers::mqtt
