#include "drivers/mqtt/listener.h"

#include <random>
#include <utility>

#include "config/topic.h"

namespace fieldpost::drivers::mqtt {
namespace {

/// A session that ends with its connection. Of a shared subscription it would take messages away from the others.
config::MqttBroker beside_the_agent(config::MqttBroker broker, const std::string& filter) {
  constexpr unsigned ids = 100'000'000;
  broker.client_id = "fieldpost-" + std::to_string(std::random_device{}() % ids);  // 23 bytes fit every broker
  broker.session_expiry = {};
  broker.will.clear();
  for (config::MqttRule& rule : broker.rules) {
    rule.qos = 0;
    rule.topic = config::without_share(rule.topic);
  }
  if (filter.empty()) return broker;
  broker.rules.resize(1);
  broker.rules.front().topic = filter;
  return broker;
}

}  // namespace

Listener::Listener(const config::MqttBroker& broker, const std::string& filter, const Clock& clock, Heard heard)
    : session_(beside_the_agent(broker, filter), nullptr, nullptr, clock,
               Gate::Reading{[heard = std::move(heard)](const Message& message) {
                 heard(message);
                 return Taken{};
               }}),
      thread_([this] { session_.run(); }) {}

Listener::~Listener() {
  session_.request_stop();
  thread_.join();
}

}  // namespace fieldpost::drivers::mqtt
