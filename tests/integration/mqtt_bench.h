// What the MQTT tests share: a queue with a reader in the forwarder's place, and a source on a real broker.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "buffer/batch.h"
#include "buffer/clock.h"
#include "buffer/queue.h"
#include "config/config.h"
#include "drivers/mqtt/kept_subscriptions.h"
#include "drivers/mqtt/source.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/mosquitto.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {

constexpr std::chrono::seconds mqtt_patience{20};

struct SeenReading {
  std::string source;
  std::string device;
  std::string point;
  std::string unit;
  Value value;
  std::int64_t wall = 0;
  std::string remark{};
};

/// A queue in a folder of its own. Nobody acknowledges but take().
class MqttBench {
 public:
  explicit MqttBench(std::chrono::microseconds commit_interval = std::chrono::milliseconds{200})
      : queue_(options(dir_ / "queue.db", commit_interval), clock_) {}
  ~MqttBench() {
    queue_.close();
    queue_.finish(mqtt_patience);
  }
  MqttBench(const MqttBench&) = delete;
  MqttBench& operator=(const MqttBench&) = delete;

  Queue& queue() { return queue_; }
  drivers::mqtt::KeptSubscriptions& kept() { return kept_; }
  const std::filesystem::path& folder() const { return dir_.path(); }
  const Clock& clock() const { return clock_; }

  /// Link up and acknowledgements near, so that nothing is committed before `commit_interval`: safe is only what take()
  /// acknowledges.
  void rely_on_acknowledgements() { queue_.set_link({.up = true, .expected_ack = std::chrono::milliseconds{1}}); }

  /// Acknowledges what waits; all that was taken so far.
  const std::vector<SeenReading>& take() {
    while (const auto claim = queue_.claim()) {
      BatchReader reader(*claim->batch);
      while (reader.next()) {
        for (std::size_t i = 0; i < reader.values().size(); ++i) {
          const Layout& layout = reader.layout();
          seen_.push_back({layout.source(), layout.device(), layout.points()[i].name, layout.points()[i].unit,
                           owned(reader.values()[i]), reader.stamp().wall, layout.remark()});
        }
      }
      queue_.settle(*claim, {});
    }
    return seen_;
  }

  bool wait_for_readings(std::size_t count) {
    return eventually(mqtt_patience, [&] { return take().size() >= count; });
  }

 private:
  static QueueOptions options(const std::string& path, std::chrono::microseconds commit_interval) {
    QueueOptions options;
    options.path = path;
    options.commit_interval = commit_interval;
    options.agent = "gw-07";
    options.site = "kiruna";
    return options;
  }

  static Value owned(const ValueView& view) {
    return std::visit(
        [](const auto& value) -> Value {
          using Held = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<Held, BadView>) {
            return Bad{std::string(value.reason)};
          } else if constexpr (std::is_same_v<Held, std::string_view>) {
            return std::string(value);
          } else if constexpr (std::is_same_v<Held, EventView>) {
            return Event{std::string(value.members)};
          } else if constexpr (std::is_same_v<Held, NamedView>) {
            return Named{value.code, std::string(value.name)};
          } else {
            return value;
          }
        },
        view);
  }

  TempDir dir_;
  SystemClock clock_;
  Queue queue_;
  drivers::mqtt::KeptSubscriptions kept_{dir_ / "queue.db.subscriptions"};
  std::vector<SeenReading> seen_;
};

inline config::MqttRule mqtt_rule(const std::string& topic, const std::string& device, const std::string& point,
                                  config::MqttRule::Payload payload, int qos = 1) {
  config::MqttRule rule;
  rule.topic = topic;
  rule.qos = qos;
  rule.payload = payload;
  rule.device = device;
  rule.point = point;
  if (payload == config::MqttRule::Payload::json) rule.values[0].pointer = "/value";
  return rule;
}

inline config::MqttBroker mqtt_broker(std::uint16_t port, std::vector<config::MqttRule> rules) {
  config::MqttBroker broker;
  broker.name = "yard";
  broker.url = {"127.0.0.1", port, "mqtt://127.0.0.1:" + std::to_string(port)};
  broker.client_id = "fieldpost-gw-07-yard";
  broker.rules = std::move(rules);
  return broker;
}

/// A source that has been started, and is stopped at the end.
class RunningMqtt {
 public:
  RunningMqtt(const config::MqttBroker& broker, MqttBench& bench)
      : source_(broker, bench.queue(), bench.kept(), bench.clock()) {
    source_.start();
  }

  drivers::MqttSource& operator*() { return source_; }
  drivers::SourceHealth health() const { return source_.health(); }

  bool wait_for(drivers::State state) {
    return eventually(mqtt_patience, [&] { return health().state == state; });
  }
  bool wait_for_error(const std::string& words) {
    return eventually(mqtt_patience, [&] { return health().error.find(words) != std::string::npos; });
  }
  void stop() {
    source_.request_stop();
    source_.join();
  }

 private:
  drivers::MqttSource source_;
};

}  // namespace fieldpost::support
