#include "drivers/mqtt/interpreter.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "drivers/mqtt/sparkplug/payload.h"
#include "drivers/mqtt/sparkplug/portions.h"
#include "drivers/mqtt/words.h"

namespace fieldpost::drivers::mqtt {
namespace {

constexpr std::size_t cached_topics = 10'000;
constexpr std::size_t most_expected = 1'000;  // deliveries

void keep_good(Portion& portion) {
  std::size_t good_ones = 0;
  for (std::size_t i = 0; i < portion.values.size(); ++i) {
    if (!good(portion.values[i])) continue;
    if (good_ones < i) {
      portion.values[good_ones] = std::move(portion.values[i]);
      portion.points[good_ones] = std::move(portion.points[i]);
    }
    ++good_ones;
  }
  portion.values.resize(good_ones);
  portion.points.resize(good_ones);
}

bool contains(const std::vector<std::uint32_t>& ids, std::uint32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::size_t hash_of(const Message& message) {
  const std::hash<std::string> hash;
  return hash(message.topic) * 31 + hash(message.payload);
}

Request rebirth_request(std::string topic, const Stamp& now) {
  return {std::move(topic), sparkplug::rebirth_request(static_cast<std::uint64_t>(now.wall / 1000))};
}

}  // namespace

Decoded in_full(const Interpreted& made) {
  Decoded decoded = made.decoded;
  if (made.layout != nullptr) {
    decoded.problem = made.said.problem;
    decoded.portions.push_back({made.layout->device(), made.layout->points(), made.said.values, made.said.wall});
  }
  decoded.kept = kept(made);
  if (!decoded.kept) return decoded;
  for (Portion& portion : decoded.portions)
    keep_good(portion);
  std::erase_if(decoded.portions, [](const Portion& portion) { return portion.values.empty(); });
  return decoded;
}

Interpreter::Interpreter(const config::MqttBroker& broker, bool asks)
    : broker_(broker), cache_(broker, cached_topics), host_(asks) {}

std::optional<Request> Interpreter::read(const Message& message, const Stamp& arrival, const Use& use) {
  std::optional<sparkplug::Heard> heard;  // once, whatever number of rules match
  // A broker may deliver a message once for each subscription that matches it: each rule takes the one that is its own.
  // What an earlier configuration's subscription brings may have come for no other one.
  const auto& ids = cache_.subscriptions();
  const bool known = std::any_of(ids.begin(), ids.end(), [&](auto id) { return contains(message.causes, id); });
  const bool told_before = known && told(message);
  for (const Series& series : cache_.of(message.topic)) {
    Interpreted made{series.plan->rule};
    if (message.retained && made.rule->retained == config::MqttRule::Retained::ignore) continue;
    const bool in_order = made.rule->payload == config::MqttRule::Payload::sparkplug && !message.retained;
    if (in_order && told_before) continue;
    if (known && !contains(message.causes, series.subscription)) {
      if (!in_order) continue;
      expect(series.subscription, message);
    }
    if (made.rule->payload == config::MqttRule::Payload::sparkplug) {
      if (!heard) heard = host_.take(message.topic, message.payload, message.retained, arrival);
      made.decoded = sparkplug::portions(*made.rule, message.topic, *heard);
    } else if (series.layout) {
      made.layout = &*series.layout;
      made.said = read_payload(*series.plan, series.levels, message.payload);
    } else if (!series.problem.empty()) {
      made.decoded.problem = series.problem;
    } else {
      made.decoded = decode(*series.plan, series.levels, message.payload);
    }
    leave_to_others(made.decoded);
    made.decoded.marked = message.retained && made.rule->retained == config::MqttRule::Retained::mark;
    if (!use(made)) return std::nullopt;
  }
  if (!heard || !heard->ask_birth) return std::nullopt;
  return rebirth_request(*std::move(heard->ask_birth), arrival);
}

// Whether the message has been heard at another delivery.
bool Interpreter::told(const Message& message) {
  if (expected_.empty()) return false;
  const std::size_t hash = hash_of(message);
  const auto found = std::find_if(expected_.begin(), expected_.end(), [&](const Delivery& delivery) {
    return delivery.second == hash && contains(message.causes, delivery.first);
  });
  if (found == expected_.end()) return false;
  expected_.erase(found);
  return true;
}

void Interpreter::expect(std::uint32_t subscription, const Message& message) {
  const Delivery delivery{subscription, hash_of(message)};
  // It is of several rules, or comes again itself.
  if (std::find(expected_.begin(), expected_.end(), delivery) != expected_.end()) return;
  if (expected_.size() >= most_expected) expected_.pop_front();
  expected_.push_back(delivery);
}

// Readings of a device that is not of this broker.
void Interpreter::leave_to_others(Decoded& decoded) const {
  std::erase_if(decoded.portions, [&](const Portion& portion) {
    const auto other = broker_.others.find(portion.device);
    if (other == broker_.others.end()) return false;
    decoded.problem = of_another(portion.device, other->second);
    return true;
  });
}

std::optional<Request> Interpreter::remind(const Stamp& now) {
  auto topic = host_.remind(now);
  if (!topic) return std::nullopt;
  return rebirth_request(*std::move(topic), now);
}

}  // namespace fieldpost::drivers::mqtt
