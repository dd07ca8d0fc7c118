// Topic filters (MQTT 3.1.1, section 4.7) and names that are made of topics.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fieldpost::drivers::mqtt {

/// What each wildcard of a filter stands for in a topic, in order.
using Levels = std::vector<std::string_view>;

/// What each wildcard of the filter stands for, in order: a level for +, all the remaining levels for # (none: empty).
/// Nothing: the topic does not match. The views are into `topic`.
std::optional<Levels> match(std::string_view filter, std::string_view topic);

/// Text with each {n} replaced by the n-th level. Another brace stays as it is: the configuration has refused it.
std::string fill(std::string_view text, const Levels& levels);

/// Names are UTF-8 of 1 to 255 bytes, as the record promises.
inline constexpr std::size_t longest_name = 255;

/// What is wrong with a device's or a point's name, as the rest of "device name is empty"; empty: nothing.
std::string wrong_with(std::string_view name);

}  // namespace fieldpost::drivers::mqtt
