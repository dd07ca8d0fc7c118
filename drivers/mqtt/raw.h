// Bytes as registers have them.
#pragma once

#include <string_view>

#include "buffer/reading.h"
#include "config/config.h"

namespace fieldpost::drivers::mqtt {

/// The only value of a payload, which has to have exactly its length, or one of several, each at its place. A bool is
/// one byte, 0 or 1; two bytes are a register.
Value read_raw(const config::MqttValue& value, std::string_view payload);

}  // namespace fieldpost::drivers::mqtt
