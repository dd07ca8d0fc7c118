// What a message says under a rule. Pure: the same bytes give the same readings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "buffer/reading.h"
#include "config/config.h"
#include "drivers/mqtt/decoded.h"
#include "drivers/mqtt/plan.h"

namespace fieldpost::drivers::mqtt {

/// What a payload says where the topic gives all the names.
struct Said {
  std::vector<Value> values;           // one a point of the rule; Bad with a short reason where the payload gives none
  std::optional<std::int64_t> wall{};  // the rule's time, microseconds since 1970; nothing: the time of arrival counts
  std::string problem{};               // what to tell the operator: a value's reason, or that there was no time
};

/// Of a plan that is the same for a topic. Takes payloads of up to 1 MiB.
Said read_payload(const Plan& plan, const Levels& levels, std::string_view payload);

/// The readings of a message with their names.
Decoded decode(const Plan& plan, const Levels& levels, std::string_view payload);

}  // namespace fieldpost::drivers::mqtt
