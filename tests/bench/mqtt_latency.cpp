// From a publish to a real Mosquitto, through the agent's process, until the acknowledgement of Kafka has let the
// agent's own go: it is seen on the agent's connection. The baseline is bare librdkafka, produce to delivery report.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "buffer/clock.h"
#include "drivers/mqtt/frame.h"
#include "tests/bench/cases.h"
#include "tests/bench/latency_samples.h"
#include "tests/bench/mqtt_agent.h"
#include "tests/bench/mqtt_load.h"
#include "tests/bench/process_figures.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/loopback_server.h"
#include "tests/support/socket.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using drivers::mqtt::Frame;
using drivers::mqtt::FrameCutter;
using drivers::mqtt::Packet;

constexpr int kRuns = 3;
const Load kLoad{"mqtt-latency", 1, 1ms};

/// Between agent and broker: passes all on, and notes when the agent acknowledges the n-th message.
class Tap {
 public:
  Tap(std::uint16_t broker, std::size_t messages) : broker_(broker), acknowledged_(messages) {}

  std::uint16_t port() const { return server_.port(); }
  std::size_t count() const { return count_; }
  const std::vector<std::int64_t>& acknowledged() const { return acknowledged_; }

 private:
  void serve(const support::Socket& agent) {
    const support::Socket broker = support::connect_to(broker_);
    const int off = 0;  // Mosquitto's packets have Nagle's delay, too
    setsockopt(agent.fd(), IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
    std::array<pollfd, 2> entries{{{agent.fd(), POLLIN, 0}, {broker.fd(), POLLIN, 0}}};
    while (!server_.ending()) {
      poll(entries.data(), entries.size(), 10);
      if (entries[0].revents != 0 && !pass(agent, broker, of_agent_)) return;
      if (entries[1].revents != 0 && !pass(broker, agent, of_broker_)) return;
    }
  }

  bool pass(const support::Socket& from, const support::Socket& to, FrameCutter& cutter) {
    const ssize_t got = recv(from.fd(), bytes_.data(), bytes_.size(), 0);
    if (got <= 0) return false;
    const std::string_view bytes(bytes_.data(), static_cast<std::size_t>(got));
    const int on = 1;  // it is not the tap for which a sender waits
    setsockopt(from.fd(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    cutter.add(bytes);
    while (const auto frame = cutter.next())
      note(*frame);
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t wrote = send(to.fd(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (wrote > 0) sent += static_cast<std::size_t>(wrote);
    }
    return true;
  }

  void note(const Frame& frame) {
    const auto id = packet_id(frame);
    if (!id) return;
    if (frame.type() == Packet::publish) {
      constexpr std::string_view kValue = "\"value\":";
      numbers_[*id] = std::stoull(std::string(frame.body.substr(frame.body.find(kValue) + kValue.size(), 20)));
    } else if (frame.type() == Packet::puback) {
      acknowledged_.at(numbers_.at(*id)) = clock_.now().boot;
      ++count_;
    }
  }

  const std::uint16_t broker_;
  const SystemClock clock_;
  FrameCutter of_agent_{1U << 20};
  FrameCutter of_broker_{1U << 20};
  std::array<char, 65536> bytes_{};
  std::map<std::uint16_t, std::size_t> numbers_;  // of messages on their way, by packet id
  std::vector<std::int64_t> acknowledged_;
  std::atomic<std::size_t> count_ = 0;
  support::LoopbackServer server_{[this](const support::Socket& agent) { serve(agent); }};
};

struct Run {
  std::vector<double> samples;
  double cpu_us = 0;  // a message
};

Run through_agent(const std::string& brokers) {
  const SystemClock clock;
  const support::Mosquitto mosquitto(plentiful());
  Tap tap(mosquitto.port(), kLoad.polls());
  MqttAgent agent("mqtt://127.0.0.1:" + std::to_string(tap.port()), {brokers, kLoad.name});
  agent.start();
  MqttLoad load(mosquitto.port(), 1);
  std::vector<std::int64_t> sent(kLoad.polls());
  const double cpu = cpu_seconds(agent.pid());
  at_rate(kLoad, [&](std::size_t n) {
    sent[n] = clock.now().boot;
    load.add(n % 10, n);
    load.flush();
  });
  if (!support::eventually(60s, [&] { return tap.count() == sent.size(); })) {
    throw std::runtime_error("messages were not acknowledged");
  }
  const double used = cpu_seconds(agent.pid()) - cpu;
  agent.stop();
  return {in_order(sent, tap.acknowledged()), used * 1e6 / static_cast<double>(sent.size())};
}

}  // namespace

Results mqtt_latency() {
  const std::string brokers = support::shared_kafka().brokers();
  support::create_topic(brokers, kLoad.name, 3);
  through_librdkafka(brokers, kLoad);  // the first to talk to a fresh broker pays for it
  Latency agent;
  Latency bare;
  std::vector<double> cpu;
  for (int run = 0; run < kRuns; ++run) {
    Run seen = through_agent(brokers);
    agent.add(kLoad, std::move(seen.samples));
    cpu.push_back(seen.cpu_us);
    bare.add(kLoad, through_librdkafka(brokers, kLoad));
  }
  const std::string is = "bare librdkafka, produce to delivery report";
  return {{"mqtt-latency-p50", median(agent.p50), "ms", median(bare.p50), is},
          {"mqtt-latency-p99", median(agent.p99), "ms", median(bare.p99), is},
          {"mqtt-latency-cpu", median(cpu), "us a message", 100, "what is wanted at most"}};
}

}  // namespace fieldpost::bench
