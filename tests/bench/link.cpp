// A satellite's link, by a proxy in this process: its own cost is measured with the baseline's, too.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/bench/bare_producer.h"
#include "tests/bench/cases.h"
#include "tests/bench/pipeline.h"
#include "tests/bench/plant.h"
#include "tests/bench/process_figures.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kOneWay = 300ms;
constexpr std::size_t kDevices = 10;
constexpr std::size_t kPoints = 20;
constexpr std::size_t kPolls = 300;         // ten a second: 200 readings/s
constexpr std::uint64_t kBacklog = 10'000;  // polls
constexpr std::uint64_t kThin = 8'000;      // bytes a second: 64 kbit/s
constexpr auto kThinRun = 60s;
constexpr const char* kIs = "bare librdkafka on the same link";

struct Steadily {
  double cpu = 0;  // of a core
  double p50 = 0;  // ms
};

template <typename Append>
void at_rate(Append append) {
  auto due = Steady::now();
  for (std::size_t n = 0; n < kPolls; ++n) {
    std::this_thread::sleep_until(due += 100ms);
    append(n);
  }
}

double seconds_since(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

class Link {
 public:
  Link() : proxy(kafka.proxy_port(), kafka.proxied_port()) { proxy.delay(kOneWay); }

  support::Kafka& kafka = support::shared_kafka();
  support::TcpProxy proxy;
};

void wait_up(const Pipeline& pipeline) {
  if (!support::eventually(60s, [&] { return pipeline.link_up(); })) throw std::runtime_error("no link");
}

Steadily steadily(Link& link, const std::string& topic, config::Delivery delivery) {
  Plant plant(kDevices, kPoints);
  Pipeline pipeline;
  pipeline.forward(link.kafka.proxied_brokers(), topic, [&](config::Kafka& kafka) { kafka.delivery = delivery; });
  wait_up(pipeline);
  const double before = cpu_seconds();
  const auto begin = Steady::now();
  at_rate([&](std::size_t n) { pipeline.queue().append(plant.layout(n), pipeline.clock().now(), plant.values(n)); });
  const double cpu = (cpu_seconds() - before) / seconds_since(begin);
  return {cpu * 100, pipeline.health().ack_p50 * 1000};
}

Steadily bare_steadily(Link& link, const std::string& topic) {
  Plant plant(kDevices, kPoints);
  const PlantRecords records(plant, kPolls);
  const SystemClock clock;
  std::vector<std::int64_t> sent(records.size());
  std::vector<double> samples(records.size());
  std::atomic<std::size_t> back = 0;
  BareProducer producer(link.kafka.proxied_brokers(), topic, 1ms, [&](std::uintptr_t n) {
    samples[n] = static_cast<double>(clock.now().boot - sent[n]) / 1000;
    ++back;
  });
  const double before = cpu_seconds();
  const auto begin = Steady::now();
  at_rate([&](std::size_t n) {
    for (std::size_t i = n * kPoints; i < (n + 1) * kPoints; ++i) {
      sent[i] = clock.now().boot;
      producer.send(records[i], i);
    }
  });
  const double cpu = (cpu_seconds() - before) / seconds_since(begin);
  if (!support::eventually(120s, [&] { return back == records.size(); })) throw std::runtime_error("not delivered");
  return {cpu * 100, quantile(samples, 0.5)};
}

/// Readings a second, for as long as the run takes, or all of the backlog.
double drained(Link& link, const std::string& topic, config::Delivery delivery, Steady::duration at_most) {
  Plant plant(kDevices, kPoints);
  Pipeline pipeline;
  for (std::uint64_t n = 0; n < kBacklog; ++n)
    pipeline.queue().append(plant.layout(n), pipeline.clock().now(), plant.values(n));
  const auto begin = Steady::now();
  pipeline.forward(link.kafka.proxied_brokers(), topic, [&](config::Kafka& kafka) { kafka.delivery = delivery; });
  support::eventually(std::chrono::duration_cast<std::chrono::milliseconds>(at_most),
                      [&] { return pipeline.health().acknowledged == kBacklog * kPoints; });
  return static_cast<double>(pipeline.health().acknowledged) / seconds_since(begin);
}

double bare_drained(Link& link, const std::string& topic, Steady::duration at_most) {
  Plant plant(kDevices, kPoints);
  const PlantRecords records(plant, kBacklog);
  std::atomic<std::size_t> back = 0;
  const auto begin = Steady::now();
  BareProducer producer(link.kafka.proxied_brokers(), topic, 1ms, [&](std::uintptr_t) { ++back; });
  for (std::size_t n = 0; n < records.size() && Steady::now() < begin + at_most; ++n)
    producer.send(records[n], n);
  support::eventually(std::chrono::duration_cast<std::chrono::milliseconds>(at_most - (Steady::now() - begin)),
                      [&] { return back == records.size(); });
  return static_cast<double>(back) / seconds_since(begin);
}

}  // namespace

Results link() {
  Link link;
  const std::string direct = link.kafka.brokers();
  Results results;
  for (const char* topic : {"link", "link-once", "link-bare"})
    support::create_topic(direct, topic, 1);
  const Steadily bare = bare_steadily(link, "link-bare");
  const double bare_drain = bare_drained(link, "link-bare", 120s);
  for (const auto delivery : {config::Delivery::at_least_once, config::Delivery::exactly_once}) {
    const bool once = delivery == config::Delivery::exactly_once;
    const std::string topic = once ? "link-once" : "link";
    const Steadily own = steadily(link, topic, delivery);
    results.push_back({topic + "-cpu", own.cpu, "% of a core", bare.cpu, kIs});
    results.push_back({topic + "-p50", own.p50, "ms", bare.p50, kIs});
    results.push_back({topic + "-drain", drained(link, topic, delivery, 120s), "readings/s", bare_drain, kIs});
  }
  link.proxy.throttle(kThin);
  const double bare_thin = bare_drained(link, "link-bare", kThinRun);
  for (const auto delivery : {config::Delivery::at_least_once, config::Delivery::exactly_once}) {
    const bool once = delivery == config::Delivery::exactly_once;
    const std::string topic = once ? "link-once" : "link";
    results.push_back({topic + "-thin", drained(link, topic, delivery, kThinRun), "readings/s", bare_thin, kIs});
  }
  return results;
}

}  // namespace fieldpost::bench
