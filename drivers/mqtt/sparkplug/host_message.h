// The message in hand of a host, and what is made of it. Of host.cpp and host_ends.cpp only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "config/text.h"
#include "drivers/mqtt/sparkplug/host.h"
#include "drivers/mqtt/sparkplug/payload.h"
#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt::sparkplug {

struct Host::Message {
  Address address;
  Payload payload;
  bool retained = false;
  Heard heard{};
  std::string gap{};
  std::unordered_set<std::string_view> unkept{};  // names so far that nothing is known of, nor kept
  bool remembered = false;                        // something of data that was not known before

  void say(std::string problem) { heard.problem = std::move(problem); }
  void add_if_none(const char* problem) {
    if (heard.problem.empty()) heard.problem = problem;
  }

  /// "metric 3 (oven/temp...): ", counted from 1.
  std::string of(const Metric& metric) const {
    const std::string number = "metric " + std::to_string(&metric - payload.metrics.data() + 1);
    return number + (metric.name.empty() ? "" : " (" + config::printable(shown(metric.name)) + ")") + ": ";
  }

  std::optional<std::int64_t> wall_of(const Metric& metric) {
    const std::uint64_t ms = metric.timestamp.value_or(0) != 0 ? *metric.timestamp : payload.timestamp.value_or(0);
    if (ms == 0) return std::nullopt;
    constexpr std::uint64_t latest_ms = 253'402'300'799'999;  // of the year 9999
    if (ms <= latest_ms) return static_cast<std::int64_t>(ms) * 1000;
    say("a time beyond the year 9999");
    return std::nullopt;
  }
};

}  // namespace fieldpost::drivers::mqtt::sparkplug
