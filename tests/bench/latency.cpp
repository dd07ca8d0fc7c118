// Latency in process: readings as a driver appends them, until Queue::wait_safe() returns for one after the other. That
// is the real path and what an MQTT acknowledgement waits for; it has one change of threads more than the baseline has.
// A reading counts as acknowledged when those before it are, too, whatever their partitions: the same on both sides.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "buffer/clock.h"
#include "tests/bench/bare_producer.h"
#include "tests/bench/cases.h"
#include "tests/bench/pipeline.h"
#include "tests/bench/plant.h"
#include "tests/support/eventually.h"
#include "tests/support/kafka.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/topic_reader.h"

namespace fieldpost::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRuns = 5;
constexpr auto kRun = 6s;
constexpr auto kWarmUp = 1s;  // connections, the JVM, caches
constexpr std::size_t kDevices = 10;
constexpr auto kPatience = 60s;

/// A device's answer of so many points after another.
struct Load {
  std::string name;
  std::size_t points = 1;
  std::chrono::microseconds every{1000};

  std::size_t polls() const { return static_cast<std::size_t>(kRun / every); }
  std::size_t warm_up() const { return static_cast<std::size_t>(kWarmUp / every); }
};

struct Latency {
  std::vector<double> p50;
  std::vector<double> p99;

  void add(std::vector<double> samples, std::size_t warm_up) {
    samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(warm_up));
    p50.push_back(quantile(samples, 0.5));
    p99.push_back(quantile(std::move(samples), 0.99));
  }
};

template <typename Append>
void at_rate(const Load& load, Append append) {
  auto due = std::chrono::steady_clock::now();
  for (std::size_t n = 0; n < load.polls(); ++n) {
    std::this_thread::sleep_until(due += load.every);
    append(n);
  }
}

double ms(std::int64_t microseconds) {
  return static_cast<double>(microseconds) / 1000;
}

/// Of each poll, until the last of its readings is safe.
std::vector<double> through_fieldpost(const std::string& brokers, const Load& load) {
  Plant plant(kDevices, load.points);
  Pipeline pipeline;
  pipeline.forward(brokers, load.name);
  if (!support::eventually(kPatience, [&] { return pipeline.link_up(); })) throw std::runtime_error("no link");
  struct Appended {
    SeqRange range;
    std::int64_t at = 0;
  };
  std::vector<Appended> appended(load.polls());
  std::atomic<std::size_t> count = 0;
  std::thread driver([&] {
    at_rate(load, [&](std::size_t n) {
      const Stamp stamp = pipeline.clock().now();
      appended[n] = {pipeline.queue().append(plant.layout(n), stamp, plant.values(n)), stamp.boot};
      count = n + 1;
      count.notify_one();
    });
  });
  std::vector<double> samples;
  bool safe = true;
  for (std::size_t n = 0; n < appended.size(); ++n) {
    count.wait(n);  // returns as soon as it is more
    safe = pipeline.queue().wait_safe(appended[n].range, kPatience) && safe;
    samples.push_back(ms(pipeline.clock().now().boot - appended[n].at));
  }
  driver.join();
  if (!safe) throw std::runtime_error("a reading was not acknowledged");
  return samples;
}

/// The same of bare librdkafka: a poll's records have one key, so that the last of them comes back last.
std::vector<double> through_librdkafka(const std::string& brokers, const Load& load) {
  Plant plant(kDevices, load.points);
  const PlantRecords records(plant, load.polls());
  const SystemClock clock;
  std::vector<std::int64_t> sent(load.polls());
  std::vector<std::int64_t> acknowledged(load.polls());
  std::atomic<std::size_t> back = 0;
  BareProducer producer(brokers, load.name, 1ms, [&](std::uintptr_t n) {
    if ((n + 1) % load.points == 0) acknowledged[n / load.points] = clock.now().boot;
    ++back;
  });
  at_rate(load, [&](std::size_t n) {
    sent[n] = clock.now().boot;
    for (std::size_t i = n * load.points; i < (n + 1) * load.points; ++i)
      producer.send(records[i], i);
  });
  if (!support::eventually(kPatience, [&] { return back == records.size(); }))
    throw std::runtime_error("not delivered");
  std::vector<double> samples;
  std::int64_t all_before = 0;
  for (std::size_t n = 0; n < load.polls(); ++n) {
    all_before = std::max(all_before, acknowledged[n]);
    samples.push_back(ms(all_before - sent[n]));
  }
  return samples;
}

Results measure(const std::string& brokers, const Load& load) {
  support::create_topic(support::shared_kafka().brokers(), load.name, 3);
  through_librdkafka(brokers, load);  // the first to talk to a fresh broker pays for it
  Latency fieldpost;
  Latency bare;
  for (int run = 0; run < kRuns; ++run) {
    fieldpost.add(through_fieldpost(brokers, load), load.warm_up());
    bare.add(through_librdkafka(brokers, load), load.warm_up());
  }
  const std::string is = "bare librdkafka, produce to delivery report";
  return {{load.name + "-p50", median(fieldpost.p50), "ms", median(bare.p50), is},
          {load.name + "-p99", median(fieldpost.p99), "ms", median(bare.p99), is}};
}

}  // namespace

Results latency() {
  return measure(support::shared_kafka().brokers(), {"latency", 1, 1ms});
}

Results latency_polls() {
  return measure(support::shared_kafka().brokers(), {"latency-polls", 20, 2ms});
}

Results latency_single() {
  return measure(support::shared_kafka().brokers(), {"latency-single", 1, 100us});
}

Results latency_held() {
  const support::Kafka& kafka = support::shared_kafka();
  support::TcpProxy proxy(kafka.proxy_port(), kafka.proxied_port());
  proxy.hold(100, 50ms);
  return measure(kafka.proxied_brokers(), {"latency-held", 1, 1ms});
}

}  // namespace fieldpost::bench
