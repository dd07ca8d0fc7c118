// What a payload says under a rule. Pure: the same bytes give the same reading.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "buffer/reading.h"
#include "config/config.h"

namespace fieldpost::drivers::mqtt {

struct Decoded {
  Value value;                       // Bad with a short reason where the payload gives none
  std::optional<std::int64_t> wall;  // the rule's time, microseconds since 1970; nothing: the time of arrival counts
  std::string problem;               // what to tell the operator: the value's reason, or that there was no time
};

/// Takes payloads of up to 1 MiB and strings of up to 64 KiB. Text is trimmed of white space; what then is a number,
/// `true` or `false` in its whole length is that, everything else a string.
Decoded decode(const config::MqttRule& rule, std::string_view payload);

}  // namespace fieldpost::drivers::mqtt
