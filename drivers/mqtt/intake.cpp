#include "drivers/mqtt/intake.h"

#include <algorithm>
#include <span>
#include <utility>

#include "config/utf8.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t cached_topics = 10'000;
constexpr std::size_t listed_devices = 1'000;  // whoever can publish can make up devices; readings of all are taken
constexpr std::size_t shown_topic = 200;       // bytes

/// The front of a topic, as text that a status may hold: no character is cut, and what is not UTF-8 shows as '?'.
std::string shown(std::string_view topic) {
  std::size_t length = std::min(topic.size(), shown_topic);
  while (length > 0 && length < topic.size() && (static_cast<unsigned char>(topic[length]) & 0xC0) == 0x80) {
    --length;
  }
  std::string text(topic.substr(0, length));
  if (!config::valid_utf8(text)) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }, '?');
  }
  return text;
}

}  // namespace

Intake::Intake(const config::MqttBroker& broker, Queue& queue, const Clock& clock)
    : queue_(queue), clock_(clock), cache_(broker, cached_topics) {}

Intake::Taken Intake::take(const Message& message) {
  const std::string& topic = message.topic;
  const Stamp arrival = clock_.now();
  Taken taken;
  for (const Series& series : cache_.of(topic)) {
    if (message.retained && !series.rule->retained) continue;
    if (!series.layout) {
      const std::lock_guard lock(mutex_);
      count_bad(topic, series.problem);
      continue;
    }
    const Decoded decoded = decode(*series.rule, message.payload);
    // A payload's own time is its sender's word, whatever our clock is worth.
    const Stamp stamp{decoded.wall.value_or(arrival.wall), arrival.boot, decoded.wall || arrival.synchronised};
    const Hold hold = series.rule->qos > 0 ? Hold::yes : Hold::no;
    const SeqRange range = queue_.append(*series.layout, stamp, std::span(&decoded.value, 1), hold);
    if (range.count() == 0) {
      taken.refused = true;
      return taken;
    }
    taken.readings.push_back(range);
    count(series, decoded, topic, arrival.wall);
  }
  return taken;
}

void Intake::count(const Series& series, const Decoded& decoded, std::string_view topic, std::int64_t arrival) {
  const std::lock_guard lock(mutex_);
  ++readings_;
  if (!decoded.problem.empty()) count_bad(topic, decoded.problem);
  const std::string& name = series.layout->device();
  auto device = devices_.find(name);
  if (device == devices_.end()) {
    if (devices_.size() >= listed_devices) return;
    device = devices_.emplace(name, DeviceHealth{}).first;
    device->second.name = name;
  }
  DeviceHealth& health = device->second;
  const bool is_good = good(decoded.value);
  health.state = is_good ? State::up : State::degraded;
  health.error = decoded.problem;
  health.last_reading = arrival;
  ++health.polls;
  if (!is_good) ++health.errors;
}

void Intake::count_bad(std::string_view topic, const std::string& reason) {
  ++bad_payloads_;
  last_bad_payload_ = shown(topic) + ": " + reason;
}

void Intake::report(SourceHealth& health) const {
  const std::lock_guard lock(mutex_);
  health.readings = readings_;
  health.bad_payloads = bad_payloads_;
  health.last_bad_payload = last_bad_payload_;
  for (const auto& [name, device] : devices_) {
    health.devices.push_back(device);
  }
}

}  // namespace fieldpost::drivers::mqtt
