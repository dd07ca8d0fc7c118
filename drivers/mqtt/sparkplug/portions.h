// Portions of what was heard, named as a rule says. Pure.
#pragma once

#include <string_view>

#include "config/config.h"
#include "drivers/mqtt/decoded.h"
#include "drivers/mqtt/sparkplug/host.h"

namespace fieldpost::drivers::mqtt::sparkplug {

/// One for each device and time, of 1,000 points at most. The device is GROUP/NODE or GROUP/NODE/DEVICE where the rule
/// says nothing; {n} are the wildcards on the topic of the device's data, or of the message where the rule does not
/// match that. The point is the metric's name where the rule says nothing.
Decoded portions(const config::MqttRule& rule, std::string_view topic, const Heard& heard);

}  // namespace fieldpost::drivers::mqtt::sparkplug
