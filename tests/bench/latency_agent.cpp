// Latency through the agent's process: 50 devices of 20 points, each polled every second, spread over it. The agent's
// own figures, of the last 30 to 60 s and within 25 %. The baseline sends 20 records at a time, as the polls come.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "buffer/clock.h"
#include "tests/bench/bare_producer.h"
#include "tests/bench/cases.h"
#include "tests/bench/gateway.h"
#include "tests/bench/plant.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRuns = 3;
constexpr int kDevices = 50;
constexpr int kPoints = 20;
constexpr auto kMeasured = 62s;  // the agent's histogram has then forgotten the start
constexpr std::uint64_t kPolls = 750;
constexpr std::uint64_t kWarmUp = 50;

struct Latency {
  double p50 = 0;
  double p99 = 0;
};

Latency through_agent(const GatewayOptions& options) {
  const Gateway gateway(options, true);
  std::this_thread::sleep_for(kMeasured);
  const auto link = gateway.status()["link"];
  return {link["ack_p50"].get<double>() * 1000, link["ack_p99"].get<double>() * 1000};
}

Latency through_librdkafka(const GatewayOptions& options) {
  Plant plant(kDevices, kPoints);
  const PlantRecords records(plant, kPolls);
  const SystemClock clock;
  std::vector<std::int64_t> sent(kPolls);
  std::vector<double> samples(records.size());
  std::atomic<std::size_t> back = 0;
  BareProducer producer(options.brokers, options.topic, 1ms, [&](std::uintptr_t n) {
    samples[n] = static_cast<double>(clock.now().boot - sent[n / kPoints]) / 1000;
    ++back;
  });
  auto due = std::chrono::steady_clock::now();
  for (std::size_t poll = 0; poll < kPolls; ++poll) {
    std::this_thread::sleep_until(due += 1000ms / kDevices);
    sent[poll] = clock.now().boot;
    for (std::size_t point = 0; point < kPoints; ++point)
      producer.send(records[poll * kPoints + point], poll * kPoints + point);
  }
  if (!support::eventually(60s, [&] { return back == records.size(); })) throw std::runtime_error("not delivered");
  samples.erase(samples.begin(), samples.begin() + kWarmUp * kPoints);
  return {quantile(samples, 0.5), quantile(samples, 0.99)};
}

}  // namespace

Results latency_agent() {
  const GatewayOptions options{support::shared_kafka().brokers(), "latency-agent", 1, kDevices, kPoints};
  support::create_topic(options.brokers, options.topic, 3);
  through_librdkafka(options);  // the first to talk to a fresh broker pays for it
  std::vector<double> p50, p99, bare_p50, bare_p99;
  for (int run = 0; run < kRuns; ++run) {
    const Latency agent = through_agent(options);
    p50.push_back(agent.p50);
    p99.push_back(agent.p99);
    const Latency bare = through_librdkafka(options);
    bare_p50.push_back(bare.p50);
    bare_p99.push_back(bare.p99);
  }
  const std::string is = "bare librdkafka, 20 records each 20 ms";
  return {{"latency-agent-p50", median(p50), "ms", median(bare_p50), is},
          {"latency-agent-p99", median(p99), "ms", median(bare_p99), is}};
}

}  // namespace fieldpost::bench
