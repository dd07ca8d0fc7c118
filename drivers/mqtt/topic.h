// Topic filters (MQTT 3.1.1, section 4.7) and the names that a rule makes of a topic.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace fieldpost::drivers::mqtt {

/// What each wildcard of the filter stands for, in order: a level for +, all the remaining levels for # (none: empty).
/// Nothing: the topic does not match. The views are into `topic`.
std::optional<std::vector<std::string_view>> match(std::string_view filter, std::string_view topic);

/// Text with each {n} replaced by the n-th capture. Another brace stays as it is: the configuration has refused it.
std::string fill(std::string_view text, const std::vector<std::string_view>& captures);

/// What is wrong with a device's or a point's name, as the rest of "device name is empty"; empty: nothing.
std::string wrong_with(std::string_view name);

/// Names are UTF-8 of 1 to 255 bytes, as the record promises. Where a topic makes another of them, both names are empty
/// and `problem` says why.
struct Names {
  std::string device;
  std::string point;
  std::string problem;
};

/// Nothing: the topic does not match the rule.
std::optional<Names> name(const config::MqttRule& rule, std::string_view topic);

}  // namespace fieldpost::drivers::mqtt
