// From a real Mosquitto through the agent's process: as fast as the broker hands over what it has kept, and what comes
// live. The baseline is bare Paho, which only counts.
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/bench/cases.h"
#include "tests/bench/children.h"
#include "tests/bench/mqtt_agent.h"
#include "tests/bench/mqtt_load.h"
#include "tests/bench/process_figures.h"
#include "tests/support/kafka.h"
#include "tests/support/strict_broker.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kTopics = 100;
constexpr std::uint64_t kMessages = 300'000;
constexpr auto kSync = 5ms;

struct Rate {
  double messages_a_second = 0;
  double cpu_us = 0;  // each
};

std::map<std::string, std::string> slow_disk(std::chrono::microseconds sync) {
  if (sync.count() == 0) return {};
  return {{"LD_PRELOAD", FIELDPOST_BUILD "/libfieldpost_slow_sync.so"}, {"SLOW_SYNC_US", std::to_string(sync.count())}};
}

/// Between two looks at what it has taken, from the first that shows something to nine tenths of all.
Rate rate_of(const MqttAgent& agent, std::uint64_t messages) {
  std::uint64_t first = 0;
  double cpu = 0;
  Steady::time_point began;
  for (const auto end = Steady::now() + 90s; Steady::now() < end;) {
    const std::uint64_t now = agent.readings();
    const auto at = Steady::now();
    if (first == 0 && now > 0) {
      first = now;
      began = at;
      cpu = cpu_seconds(agent.pid());
    } else if (now >= messages * 9 / 10) {
      const auto count = static_cast<double>(now - first);
      return {count / std::chrono::duration<double>(at - began).count(),
              (cpu_seconds(agent.pid()) - cpu) * 1e6 / count};
    }
    std::this_thread::sleep_for(100ms);
  }
  throw std::runtime_error("the agent does not take what the broker has");
}

/// What the broker has kept for an agent that was away.
Rate kept(const MqttAgentOptions& options) {
  support::Mosquitto mosquitto(plentiful());
  MqttAgent agent(mosquitto.url(), options);
  agent.start();
  agent.stop();
  MqttLoad(mosquitto.port(), 1).send_all(kMessages, kTopics);
  agent.start_soon();
  const Rate rate = rate_of(agent, kMessages);
  agent.wait_for_readings(kMessages);
  agent.stop();
  return rate;
}

/// Messages that come at a rate, and what is measured meanwhile.
template <typename Measure>
auto while_they_come(std::uint16_t port, int qos, std::uint64_t rate, std::chrono::seconds time, std::size_t topics,
                     Measure measure) {
  auto load = std::async(std::launch::async, [=] { MqttLoad(port, qos).send_at(rate, time, topics); });
  auto measured = measure();
  load.get();
  return measured;
}

Rate kept_bare() {
  support::Mosquitto mosquitto(plentiful());
  const std::string port = std::to_string(mosquitto.port());
  run_child({"mqtt-session", port});
  MqttLoad(mosquitto.port(), 1).send_all(kMessages, kTopics);
  const auto child = run_child({"mqtt-count", port, std::to_string(kMessages)});
  return {child["rate"], child["cpu"]};
}

void add(Results& results, const std::string& name, const Rate& rate, const Rate& bare) {
  const std::string is = "bare Paho that counts them";
  results.push_back({name, rate.messages_a_second, "messages/s", bare.messages_a_second, is});
  results.push_back({name + "-cpu", rate.cpu_us, "us a message", bare.cpu_us, is});
}

}  // namespace

Results mqtt_queue() {
  Results results;
  const Rate bare = kept_bare();
  add(results, "mqtt-queue", kept({kNoKafka, "mqtt-queue"}), bare);
  add(results, "mqtt-queue-slow-disk", kept({kNoKafka, "mqtt-queue", 1, slow_disk(kSync)}), bare);
  return results;
}

Results mqtt_window() {
  constexpr auto kTime = 5s;
  constexpr std::size_t kBytes = 8;  // of a reading, on the disk
  constexpr std::uint64_t kCommits = 500;
  Results results;
  for (const std::size_t window : {20U, 100U, 1000U}) {
    support::StrictBroker broker(window, mqtt_payload);
    MqttAgent agent(broker.url(), {kNoKafka, "mqtt-window", 1, slow_disk(kSync)});
    agent.start();
    std::this_thread::sleep_for(1s);
    const std::uint64_t before = broker.acknowledged();
    const auto began = Steady::now();
    std::this_thread::sleep_for(kTime);
    const auto count = static_cast<double>(broker.acknowledged() - before);
    const double rate = count / std::chrono::duration<double>(Steady::now() - began).count();
    agent.stop();
    const auto bare =
        run_child({"sqlite-commits", std::to_string(window * kBytes), std::to_string(kCommits)}, slow_disk(kSync));
    results.push_back({"mqtt-window-" + std::to_string(window), rate, "messages/s",
                       static_cast<double>(window * kCommits) / bare["seconds"].get<double>(),
                       "a window for each commit of bare SQLite, and nothing else"});
  }
  return results;
}

Results mqtt_kafka() {
  const std::string brokers = support::shared_kafka().brokers();
  support::create_topic(brokers, "mqtt-kafka", 3);
  Results results;
  const Rate bare = kept_bare();
  add(results, "mqtt-kafka", kept({brokers, "mqtt-kafka"}), bare);
  add(results, "mqtt-kafka-slow-disk", kept({brokers, "mqtt-kafka", 1, slow_disk(kSync)}), bare);
  return results;
}

Results mqtt_qos0() {
  constexpr std::uint64_t kRate = 60'000;
  constexpr auto kTime = 10s;
  support::Mosquitto mosquitto(plentiful());
  const auto port = mosquitto.port();
  const auto bare = while_they_come(port, 0, kRate, kTime, kTopics, [&] {
    return run_child({"mqtt-listen", std::to_string(port), std::to_string(kTime.count() / 2)});
  });
  MqttAgent agent(mosquitto.url(), {kNoKafka, "mqtt-qos0", 0});
  agent.start();
  const Rate rate = while_they_come(port, 0, kRate, kTime, kTopics, [&] {
    std::this_thread::sleep_for(1s);
    return rate_of(agent, kRate * static_cast<std::uint64_t>(kTime.count()) * 8 / 10);
  });
  agent.stop();
  Results results;
  add(results, "mqtt-qos0", rate, {bare["rate"], bare["cpu"]});
  return results;
}

Results mqtt_topics() {
  constexpr std::size_t kMany = 10'000;
  const std::string brokers = support::shared_kafka().brokers();
  support::create_topic(brokers, "mqtt-topics", 3);
  support::Mosquitto mosquitto(plentiful());
  const auto port = mosquitto.port();
  const auto bare = while_they_come(port, 1, kMany, 10s, kMany, [&] {
    return run_child({"mqtt-listen", std::to_string(port), "5"});
  });
  MqttAgent agent(mosquitto.url(), {brokers, "mqtt-topics"});
  agent.start();
  struct Seen {
    double resident;
    Rate rate;
  };
  const Seen seen = while_they_come(port, 1, kMany, 25s, kMany, [&] {
    const Rate rate = rate_of(agent, kMany * 20);
    return Seen{static_cast<double>(resident_bytes(agent.pid())) / (1 << 20), rate};
  });
  agent.stop();
  const std::string is = "bare Paho that counts them";
  return {{"mqtt-topics", seen.resident, "MiB", bare["resident"].get<double>() / (1 << 20), is},
          {"mqtt-topics-cpu", seen.rate.cpu_us, "us a message", bare["cpu"], is}};
}

}  // namespace fieldpost::bench
