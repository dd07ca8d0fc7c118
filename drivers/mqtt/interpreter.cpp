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
    : broker_(broker), cache_(broker, cached_topics), asks_(asks) {}

std::optional<Request> Interpreter::read(const Message& message, const Stamp& arrival, const Use& use) {
  std::map<std::uint32_t, sparkplug::Heard> heard;  // by subscription: once, whatever number of its rules match
  // A broker may deliver a message once for each subscription that matches it: each rule takes the one that is its own.
  // What an earlier configuration's subscription brings may have come for no other one.
  const auto& ids = cache_.subscriptions();
  const bool known = std::any_of(ids.begin(), ids.end(), [&](auto id) { return contains(message.causes, id); });
  for (const Series& series : cache_.of(message.topic)) {
    Interpreted made{series.plan->rule};
    if (message.retained && made.rule->retained == config::MqttRule::Retained::ignore) continue;
    if (known && !contains(message.causes, series.subscription)) continue;
    if (made.rule->payload == config::MqttRule::Payload::sparkplug) {
      const auto [said, is_new] = heard.try_emplace(series.subscription);
      if (is_new)
        said->second = host_of(series.subscription).take(message.topic, message.payload, message.retained, arrival);
      made.decoded = sparkplug::portions(*made.rule, message.topic, said->second);
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
  // One answer is for all of them.
  for (auto& [subscription, said] : heard) {
    if (said.ask_birth) return rebirth_request(*std::move(said.ask_birth), arrival);
  }
  return std::nullopt;
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

sparkplug::Host& Interpreter::host_of(std::uint32_t subscription) {
  return hosts_.try_emplace(subscription, asks_).first->second;
}

std::optional<Request> Interpreter::remind(const Stamp& now) {
  for (auto& [subscription, host] : hosts_) {
    if (auto topic = host.remind(now)) return rebirth_request(*std::move(topic), now);
  }
  return std::nullopt;
}

}  // namespace fieldpost::drivers::mqtt
