#include "tests/bench/link_children.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/bare_producer.h"
#include "tests/bench/pipeline.h"
#include "tests/bench/plant.h"
#include "tests/bench/process_figures.h"
#include "tests/bench/result.h"
#include "tests/support/eventually.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kDevices = 10;
constexpr std::size_t kPoints = 20;
constexpr std::size_t kPolls = 250;          // ten a second: 200 readings/s
constexpr std::uint64_t kBacklog = 100'000;  // polls
constexpr auto kLongest = 150s;
constexpr auto kBareLongest = 30s;

double seconds_since(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

/// % of a core while readings come ten times a second.
template <typename Append>
double cpu_at_rate(Append append) {
  const double before = cpu_seconds();
  const auto begin = Steady::now();
  auto due = begin;
  for (std::size_t n = 0; n < kPolls; ++n) {
    std::this_thread::sleep_until(due += 100ms);
    append(n);
  }
  return 100 * (cpu_seconds() - before) / seconds_since(begin);
}

void forward(Pipeline& pipeline, const std::string& brokers, const std::string& topic, const std::string& delivery) {
  pipeline.forward(brokers, topic, [&](config::Kafka& kafka) {
    if (delivery == "exactly-once") kafka.delivery = config::Delivery::exactly_once;
  });
}

nlohmann::json bare_steady(const std::string& brokers, const std::string& topic) {
  Plant plant(kDevices, kPoints);
  const PlantRecords records(plant, kPolls);
  const SystemClock clock;
  std::vector<std::atomic<std::int64_t>> sent(records.size());
  std::mutex mutex;
  std::vector<double> samples;
  BareProducer producer(brokers, topic, 1ms, [&](std::uintptr_t n) {
    const std::lock_guard lock(mutex);
    samples.push_back(static_cast<double>(clock.now().boot - sent[n]) / 1000);
  });
  const double cpu = cpu_at_rate([&](std::size_t n) {
    for (std::size_t i = n * kPoints; i < (n + 1) * kPoints; ++i) {
      sent[i] = clock.now().boot;
      producer.send(records[i], i);
    }
  });
  const std::lock_guard lock(mutex);
  if (samples.empty()) throw std::runtime_error("nothing was delivered");
  return {{"cpu", cpu}, {"p50", quantile(samples, 0.5)}};
}

nlohmann::json bare_drain(const std::string& brokers, const std::string& topic) {
  Plant plant(kDevices, kPoints);
  const PlantRecords records(plant, kBacklog);
  std::atomic<std::size_t> back = 0;
  const auto begin = Steady::now();
  BareProducer producer(brokers, topic, 1ms, [&](std::uintptr_t) { ++back; });
  for (std::size_t n = 0; n < records.size(); ++n)
    producer.send(records[n], n);
  support::eventually(kBareLongest, [&] { return back == records.size(); });
  return {{"rate", static_cast<double>(back) / seconds_since(begin)}};
}

}  // namespace

nlohmann::json link_steady(const std::string& brokers, const std::string& topic, const std::string& delivery) {
  if (delivery == "bare") return bare_steady(brokers, topic);
  Plant plant(kDevices, kPoints);
  Pipeline pipeline;
  forward(pipeline, brokers, topic, delivery);
  if (!support::eventually(kLongest, [&] { return pipeline.link_up(); })) throw std::runtime_error("no link");
  const double cpu = cpu_at_rate(
      [&](std::size_t n) { pipeline.queue().append(plant.layout(n), pipeline.clock().now(), plant.values(n)); });
  return {{"cpu", cpu}, {"p50", pipeline.health().ack_p50 * 1000}};
}

nlohmann::json link_drain(const std::string& brokers, const std::string& topic, const std::string& delivery) {
  if (delivery == "bare") return bare_drain(brokers, topic);
  Plant plant(kDevices, kPoints);
  Pipeline pipeline;
  for (std::uint64_t n = 0; n < kBacklog; ++n)
    pipeline.queue().append(plant.layout(n), pipeline.clock().now(), plant.values(n));
  const auto begin = Steady::now();
  forward(pipeline, brokers, topic, delivery);
  support::eventually(kLongest, [&] { return pipeline.health().acknowledged == kBacklog * kPoints; });
  return {{"rate", static_cast<double>(pipeline.health().acknowledged) / seconds_since(begin)}};
}

}  // namespace fieldpost::bench
