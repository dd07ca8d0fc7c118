// A rule made ready for messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "buffer/reading.h"
#include "config/config.h"
#include "drivers/mqtt/json_lookup.h"
#include "drivers/mqtt/name_template.h"

namespace fieldpost::drivers::mqtt {

/// The names of a rule's values.
struct Names {
  std::string device;
  std::vector<PointName> points;
  std::string problem{};  // why there are none
};

struct Plan {
  /// The rule outlives it.
  explicit Plan(const config::MqttRule& rule);

  const config::MqttRule* rule;
  std::vector<JsonPointer> pointers;  // of the rule's values, in their order, then of names and of the time
  NameTemplate device;
  NameTemplate point;
  std::vector<NameTemplate> units;  // of the values
  std::optional<std::size_t> time_pointer;
  std::optional<NameTemplate> time_level;
  bool starred = false;         // the values stand in elements
  bool named_by_topic = false;  // a topic gives device and points, whatever the payload says
  bool same_for_topic = false;  // and units, and each message has one reading for each value

  /// Of a plan that is named by topic.
  Names names(const Levels& levels) const;

  /// The name of the rule's point and of one of its values; nothing, and why.
  std::optional<std::string> point_name(const NameSource& source, std::string_view value, std::string& problem) const;

  /// The time at the rule's place, of which `at` is what stands at its pointer (null: nothing). Nothing: the rule has
  /// none, or it cannot be read, and `problem` says so.
  std::optional<std::int64_t> time(const Levels& levels, const Value* at, std::string& problem) const;
};

}  // namespace fieldpost::drivers::mqtt
