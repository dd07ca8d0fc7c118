#include "drivers/mqtt/intake.h"

#include <algorithm>

#include "config/text.h"
#include "config/utf8.h"
#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t cached_names = 4U << 20;  // bytes of names that payloads bring
constexpr std::size_t listed_devices = 1'000;   // whoever can publish can make up devices; readings of all are taken

std::string remedy(const std::string& broker, const config::MqttRule& rule) {
  const std::string look = "fieldpost mqtt " + broker + " shows each message and what the rules make of it";
  if (rule.payload == config::MqttRule::Payload::sparkplug) {
    return look +
           "; gaps and metrics of no known birth end with the edge node's next birth, for which rebirth = true asks";
  }
  const std::string kept = rule.keep_bad ? "; fieldpost queue rejected has kept them" : "";
  return look +
         "; correct the rule's pointer, type or names, and try it with fieldpost check --payload FILE --topic TOPIC" +
         kept;
}

std::string forget_remedy(const config::MqttBroker& broker) {
  return "the broker has a subscription that is not of this configuration; they are acknowledged and make no readings. "
         "To end it, stop the agent and log in once with its client id and a clean session: mosquitto_sub -h " +
         broker.url.host + " -p " + std::to_string(broker.url.port) + " -i " + broker.client_id + " -t none -E";
}

}  // namespace

Intake::Intake(const config::MqttBroker& broker, Queue& queue, const Clock& clock)
    : broker_(broker),
      queue_(queue),
      clock_(clock),
      interpreter_(broker_, broker.rebirth),
      shapes_(broker.name, cached_names) {}

Taken Intake::take(const Message& message) {
  const Arrival arrival{clock_.now(), message.held ? Hold::yes : Hold::no};
  Taken taken;
  taken.request = interpreter_.read(message, arrival.stamp, [&](const Interpreted& made) {
    taken.refused = !(kept(made) ? keep(made, message, arrival, taken) : append(made, arrival, taken));
    if (!taken.refused && !made.problem().empty()) count_bad(message.topic, *made.rule, made.problem());
    return !taken.refused;
  });
  if (taken.readings.empty() && !taken.refused && !interpreter_.names(message.topic)) count_unasked(message.topic);
  return taken;
}

/// False: the queue is closing.
bool Intake::append(const Layout& layout, std::span<const Value> values, std::optional<std::int64_t> wall,
                    const Arrival& arrival, Taken& taken) {
  // A payload's own time is its sender's word, whatever our clock is worth.
  const Stamp stamp{wall.value_or(arrival.stamp.wall), arrival.stamp.boot, wall || arrival.stamp.synchronised};
  const SeqRange range = queue_.append(layout, stamp, values, arrival.hold, Wait::no);
  if (range.count() == 0) return false;
  taken.readings.push_back(range);
  count_device(layout.device(), values, arrival.stamp.wall);
  return true;
}

bool Intake::append(const Interpreted& made, const Arrival& arrival, Taken& taken) {
  if (made.layout == nullptr) return append(made.decoded, arrival, taken);
  const auto& [values, wall, problem] = made.said;
  if (made.decoded.marked) return append(made.layout->remarked(retained_mark), values, wall, arrival, taken);
  return append(*made.layout, values, wall, arrival, taken);
}

bool Intake::append(const Decoded& decoded, const Arrival& arrival, Taken& taken) {
  const auto& portions = decoded.portions;
  return std::all_of(portions.begin(), portions.end(), [&](const Portion& portion) {
    Layout layout = shapes_.of(portion.device, portion.points);
    if (decoded.marked) layout = layout.remarked(retained_mark);
    return append(layout, portion.values, portion.wall, arrival, taken);
  });
}

// What is good of it goes its way, and all of it is kept.
bool Intake::keep(const Interpreted& made, const Message& message, const Arrival& arrival, Taken& taken) {
  if (!append(in_full(made), arrival, taken)) return false;
  const std::string& device = made.layout != nullptr ? made.layout->device() : broker_.name;
  const Value whole = config::valid_utf8(message.payload) ? message.payload : "hex " + hex(message.payload);
  const std::string topic = config::valid_utf8(message.topic) ? message.topic : shown(message.topic);
  const SeqRange range = queue_.append_rejected(shapes_.of(device, {{"payload", ""}}), arrival.stamp, whole,
                                                {made.problem(), topic}, arrival.hold, Wait::no);
  if (range.count() == 0) return false;
  taken.readings.push_back(range);
  if (made.layout != nullptr) count_device(device, std::vector<Value>{Bad{made.problem()}}, arrival.stamp.wall);
  return true;
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

void Intake::count_unasked(std::string_view topic) {
  const std::lock_guard lock(mutex_);
  ++unasked_;
  last_unasked_ = shown(topic);
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
  health.unasked = unasked_;
  health.last_unasked = last_unasked_;
  if (unasked_ > 0) health.unasked_remedy = forget_remedy(broker_);
  health.unlisted = unlisted_;
  for (const auto& [name, device] : devices_) {
    health.devices.push_back(device);
  }
}

}  // namespace fieldpost::drivers::mqtt
