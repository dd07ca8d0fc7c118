#include "drivers/mqtt/intake.h"

#include <algorithm>
#include <utility>

#include "config/text.h"
#include "drivers/mqtt/sparkplug/payload.h"
#include "drivers/mqtt/sparkplug/portions.h"
#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t cached_topics = 10'000;
constexpr std::size_t cached_names = 4U << 20;  // bytes of names that payloads bring
constexpr std::size_t listed_devices = 1'000;   // whoever can publish can make up devices; readings of all are taken

std::string remedy(const std::string& broker, const config::MqttRule& rule) {
  const std::string look = "fieldpost mqtt " + broker + " shows each message and what the rules make of it";
  if (rule.payload == config::MqttRule::Payload::sparkplug) {
    return look +
           "; gaps and metrics of no known birth end with the edge node's next birth, for which rebirth = true asks";
  }
  return look +
         "; correct the rule's pointer, type or names, and try it with fieldpost check --payload FILE --topic TOPIC";
}

}  // namespace

Intake::Intake(const config::MqttBroker& broker, Queue& queue, const Clock& clock)
    : broker_(broker),
      queue_(queue),
      clock_(clock),
      cache_(broker_, cached_topics),
      shapes_(broker.name, cached_names),
      host_(broker.rebirth) {}

Taken Intake::take(const Message& message) {
  const std::string& topic = message.topic;
  const Stamp arrival = clock_.now();
  Taken taken;
  std::optional<sparkplug::Heard> heard;  // once, whatever number of rules match
  for (const Series& series : cache_.of(topic)) {
    const config::MqttRule& rule = *series.plan->rule;
    if (message.retained && !rule.retained) continue;
    std::string problem = series.problem;
    if (rule.payload == config::MqttRule::Payload::sparkplug) {
      if (!heard) heard = host_.take(topic, message.payload, message.retained, arrival);
      Decoded decoded = sparkplug::portions(rule, topic, *heard);
      problem = std::move(decoded.problem);
      taken.refused = !append(rule, decoded, arrival, taken);
    } else if (series.layout) {
      Said said = read_payload(*series.plan, series.levels, message.payload);
      problem = std::move(said.problem);
      taken.refused = !append(rule, *series.layout, said.values, said.wall, arrival, taken);
    } else if (problem.empty()) {
      Decoded decoded = decode(*series.plan, series.levels, message.payload);
      problem = std::move(decoded.problem);
      taken.refused = !append(rule, decoded, arrival, taken);
    }
    if (taken.refused) return taken;
    if (!problem.empty()) count_bad(topic, rule, problem);
  }
  if (heard && heard->ask_birth) {
    taken.request = {*heard->ask_birth, sparkplug::rebirth_request(static_cast<std::uint64_t>(arrival.wall / 1000))};
  }
  return taken;
}

/// False: the queue is closing.
bool Intake::append(const config::MqttRule& rule, const Layout& layout, std::span<const Value> values,
                    std::optional<std::int64_t> wall, const Stamp& arrival, Taken& taken) {
  // A payload's own time is its sender's word, whatever our clock is worth.
  const Stamp stamp{wall.value_or(arrival.wall), arrival.boot, wall || arrival.synchronised};
  const SeqRange range = queue_.append(layout, stamp, values, rule.qos > 0 ? Hold::yes : Hold::no);
  if (range.count() == 0) return false;
  taken.readings.push_back(range);
  count_device(layout.device(), values, arrival.wall);
  return true;
}

bool Intake::append(const config::MqttRule& rule, const Decoded& decoded, const Stamp& arrival, Taken& taken) {
  return std::all_of(decoded.portions.begin(), decoded.portions.end(), [&](const Portion& portion) {
    return append(rule, shapes_.of(portion.device, portion.points), portion.values, portion.wall, arrival, taken);
  });
}

void Intake::count_device(const std::string& name, std::span<const Value> values, std::int64_t arrival) {
  const auto bad = std::find_if(values.begin(), values.end(), [](const Value& value) { return !good(value); });
  const std::lock_guard lock(mutex_);
  readings_ += values.size();
  auto device = devices_.find(name);
  if (device == devices_.end()) {
    if (devices_.size() >= listed_devices) {
      unlisted_ += values.size();
      return;
    }
    device = devices_.emplace(name, DeviceHealth{}).first;
    device->second.name = name;
  }
  DeviceHealth& health = device->second;
  health.state = bad == values.end() ? State::up : State::degraded;
  health.error = bad == values.end() ? "" : std::get<Bad>(*bad).reason;
  health.last_reading = arrival;
  ++health.polls;
  if (bad != values.end()) ++health.errors;
}

void Intake::count_bad(std::string_view topic, const config::MqttRule& rule, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  ++bad_payloads_;
  last_bad_payload_ = shown(topic) + ": " + reason;
  last_bad_rule_ = &rule;
}

void Intake::report(SourceHealth& health) const {
  const std::lock_guard lock(mutex_);
  health.readings = readings_;
  health.bad_payloads = bad_payloads_;
  health.last_bad_payload = last_bad_payload_;
  if (last_bad_rule_ != nullptr) {
    health.last_bad_rule = last_bad_rule_->place + ", topic " + config::in_quotes(last_bad_rule_->topic);
    health.last_bad_remedy = remedy(broker_.name, *last_bad_rule_);
  }
  health.unlisted = unlisted_;
  for (const auto& [name, device] : devices_) {
    health.devices.push_back(device);
  }
}

}  // namespace fieldpost::drivers::mqtt
