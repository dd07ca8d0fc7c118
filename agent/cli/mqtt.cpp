#include <iostream>
#include <mutex>

#include "agent/cli/interrupt.h"
#include "agent/cli/output.h"
#include "agent/cli/unknown_name.h"
#include "agent/cli/verbs.h"
#include "agent/mqtt_message.h"
#include "buffer/clock.h"
#include "config/topic.h"
#include "drivers/mqtt/listener.h"

namespace fieldpost::cli {
namespace {

using drivers::State;

constexpr std::chrono::milliseconds look_again{100};
constexpr std::size_t waiting_most = 10'000;  // messages that the output has not taken yet

const config::MqttBroker* find_broker(const config::Config& config, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& broker : config.mqtt) {
    if (broker.name == name) return &broker;
    names.push_back(broker.name);
  }
  std::cerr << "fieldpost: " << unknown_name("MQTT broker", name, names) << "\n";
  return nullptr;
}

/// Between the listener's thread, which never waits, and the output.
class Heard {
 public:
  void add(const drivers::mqtt::Message& message, const Stamp& arrival) {
    const std::lock_guard lock(mutex_);
    if (messages_.size() >= waiting_most) {
      ++missed_;
    } else {
      messages_.emplace_back(message, arrival);
    }
  }
  using Messages = std::vector<std::pair<drivers::mqtt::Message, Stamp>>;
  Messages take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }
  std::uint64_t missed() {
    const std::lock_guard lock(mutex_);
    return std::exchange(missed_, 0);
  }

 private:
  std::mutex mutex_;
  Messages messages_;
  std::uint64_t missed_ = 0;
};

/// Each state once, on stderr: what stands on stdout is messages only.
class Announcer {
 public:
  explicit Announcer(const config::MqttBroker& broker) : name_(broker.name + " (" + broker.url.text + ")") {}

  void look(const drivers::SourceHealth& health) {
    if (health.state == State::connecting) return;
    std::string now = health.state == State::down ? health.error : "connected; Ctrl-C ends this";
    if (health.state == State::degraded) now += "; " + health.error;
    if (now == said_) return;
    said_ = std::move(now);
    std::cerr << "fieldpost: " << name_ << ": " << said_ << "\n";
  }

 private:
  const std::string name_;
  std::string said_;
};

}  // namespace

int mqtt(const Args& args) {
  const auto config = load(args);
  if (!config) return misused;
  const config::MqttBroker* broker = find_broker(*config, args.arguments.front());
  if (broker == nullptr) return misused;
  const std::string filter = args.arguments.size() > 1 ? args.arguments[1] : "";
  if (const auto parsed = config::parse_filter(filter);
      !filter.empty() && std::holds_alternative<config::Wrong>(parsed)) {
    std::cerr << "fieldpost: \"" << filter << "\" " << std::get<config::Wrong>(parsed).what << "\n";
    return misused;
  }
  const Interrupt interrupt;
  const SystemClock clock;
  Output output;
  Heard heard;
  Announcer announcer(*broker);
  MessageReader reader(*broker);
  const drivers::mqtt::Listener listener(
      *broker, filter, clock, [&](const drivers::mqtt::Message& message) { heard.add(message, clock.now()); });
  do {
    announcer.look(listener.health());
    for (auto& [message, arrival] : heard.take()) {
      const ReadMessage read = reader.read(std::move(message), arrival);
      output.write(args.has("--json") ? to_json(read) + "\n" : to_text(read));
    }
    output.flush();
    if (const std::uint64_t missed = heard.missed(); missed > 0) {
      std::cerr << "fieldpost: " << missed << " messages came too fast to be printed\n";
    }
  } while (!interrupt.wait(output.descriptor(), look_again));
  return fine;
}

}  // namespace fieldpost::cli
